import { reportFailure } from '../errors.ts';
import { troubleKey } from '../notifications/trouble.ts';
import { changeTrouble, meet } from '../notifications/trouble-store.ts';
import type { Services } from '../services.ts';
import type { TicketOutcome, TicketRequest } from './ticket-request.ts';

/** What people have to know of; a user who gave up waiting is no trouble. */
const words: Readonly<Partial<Record<TicketOutcome, string>>> = {
  'no-ticket-system': 'The appliance takes no answers to ticket requests.',
  'not-answered': 'The appliance could not be told what was decided on a ticket request.',
};

/** Sent with the next look for troubles. Nothing of this can fail the work. */
export async function noteTrouble({ state, log, now }: Services, request: TicketRequest): Promise<void> {
  const { siteId, outcome, failure } = request;
  const said = outcome && words[outcome];
  if (!said) return;
  try {
    const title = `Ticket approval at site ${siteId}`;
    const message = failure ? `${said} ${failure.message}` : said;
    await changeTrouble(state, troubleKey('alarm', 'tickets', siteId), (before) =>
      meet(before, { kind: 'alarm', title, message, siteId, event: true }, now()),
    );
  } catch (error) {
    const { code, message } = reportFailure(error);
    log.error('Notifications failed', { site: siteId, code, message });
  }
}

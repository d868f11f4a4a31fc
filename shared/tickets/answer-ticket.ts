import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { getTicket, type TicketRequest, ticketId } from './ticket-request.ts';
import { decideTicket } from './ticket-steps.ts';
import type { TicketAnswer } from './ticket-system.ts';

/**
 * Takes the answer to a request that waits; the same one said again is one. Durable when it resolves; whoever calls has
 * the request worked on then. Throws terminal `not-found`, or `ticket-decided` where another answer was first.
 */
export async function answerTicket(
  services: Services,
  id: string,
  given: TicketAnswer,
  by: string,
): Promise<TicketRequest> {
  for (;;) {
    const entry = ticketId.test(id) ? await getTicket(services.state, id) : undefined;
    const { settings } = await loadSettings(services.state);
    const site = settings.sites.find((one) => one.id === entry?.value.siteId);
    const approval = settings.application.ticketApproval;
    if (!entry || !site || !approval)
      throw new Failure('terminal', 'not-found', 'There is no ticket request with this id.');
    const { state, decision } = entry.value;
    if (state === 'forward' || state === 'wait') {
      // Somebody else may have changed it in between: then it is looked at again.
      await decideTicket({ services, site, approval, id }, entry, given, by);
      continue;
    }
    if (decision?.response === given.response) return entry.value;
    throw new Failure(
      'terminal',
      'ticket-decided',
      decision === undefined
        ? 'The ticket request was given up before it was decided.'
        : `The ticket request was decided before: ${decision.response}, by ${decision.by}.`,
    );
  }
}

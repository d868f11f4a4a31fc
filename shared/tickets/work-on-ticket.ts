import { reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { settle } from './settle-ticket.ts';
import {
  changeTicket,
  getTicket,
  leaveTicket,
  type TicketEntry,
  type TicketRequest,
} from './ticket-request.ts';
import { ATTEMPT, answer, type Desk, decideTicket, forward } from './ticket-steps.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** After it an attempt that was cut off is made again. */
const CLAIM = ATTEMPT + 10 * SECOND;
/** So long the appliance is told what was decided, as long as it says nothing itself. */
const ANSWER_FOR = 60 * MINUTE;
const LONGEST_PAUSE = 2 * MINUTE;
/** No wait is longer: one that is was set by a clock that was wrong. */
const LONGEST_WAIT = 61 * MINUTE;

/**
 * Takes a request as far as it goes now. Whoever dies on the way leaves a row from which the next tick goes on; of two who
 * do it at once each step is made by one, since an attempt is claimed under the row's ETag. What fails is kept in the row.
 */
export async function workOnTicket(services: Services, id: string): Promise<void> {
  const { state, now } = services;
  for (;;) {
    const entry = await getTicket(state, id);
    if (!entry || entry.value.state === 'settled') return entry && leaveTicket(state, id);
    if (!isDue(entry.value, now())) return;
    const { settings } = await loadSettings(state);
    const site = settings.sites.find((one) => one.id === entry.value.siteId);
    const approval = settings.application.ticketApproval;
    // Its settings were taken away: there is nobody left to tell, and no key to read it with.
    if (!site || !approval) await settle(services, id, entry, 'not-answered');
    else await step({ services, site, approval, id }, entry);
  }
}

function isDue({ state, nextAt, decideBy }: TicketRequest, now: number): boolean {
  if (nextAt <= now || nextAt - now > LONGEST_WAIT) return true;
  return state !== 'answer' && decideBy <= now && nextAt - now > CLAIM;
}

async function step(desk: Desk, entry: TicketEntry): Promise<void> {
  const { services, approval, id } = desk;
  const { value } = entry;
  const now = services.now();
  if (now >= value.decideBy + ANSWER_FOR) return settle(services, id, entry, 'not-answered');
  if (value.state === 'answer') return attempt(desk, entry, answer);
  if (now >= value.decideBy) {
    const late = { response: 'deny', message: approval.lateMessage } as const;
    return attempt(desk, entry, async (at, claimed) => {
      await decideTicket(at, claimed, late, 'time');
    });
  }
  if (value.state === 'forward') return attempt(desk, entry, forward);
  // It waits, and its time was set by a clock that was wrong.
  await changeTicket(services.state, entry, { ...value, nextAt: value.decideBy });
}

/** Claims the attempt before it is made; what fails is made again later, with growing pauses and jitter. */
async function attempt(
  desk: Desk,
  entry: TicketEntry,
  make: (desk: Desk, claimed: TicketEntry) => Promise<void>,
): Promise<void> {
  const { services, id } = desk;
  const { state, log, now } = services;
  const { failure: _past, ...value } = entry.value;
  const tries = value.tries + 1;
  const claimed = await changeTicket(state, entry, { ...value, tries, nextAt: now() + CLAIM });
  if (!claimed) return;
  try {
    await make(desk, claimed);
  } catch (error) {
    const failure = reportFailure(error);
    const fields = { site: desk.site.id, ticketRequest: id, code: failure.code, message: failure.message };
    if (failure.kind === 'internal') log.error('An error while a ticket request was worked on', fields);
    else log.warn('A ticket request has to wait', fields);
    const pause =
      Math.min(LONGEST_PAUSE, 5 * SECOND * 2 ** Math.min(tries - 1, 10)) * (0.5 + Math.random() / 2);
    const current = await getTicket(state, id);
    // Somebody else has taken it on meanwhile.
    if (!current || current.value.tries !== tries || current.value.state !== value.state) return;
    await changeTicket(state, current, { ...current.value, nextAt: now() + pause, failure });
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { reportFailure } from '../errors.ts';
import { withLogFields } from '../log.ts';
import { type LiveTicketRow, leaveTicket } from '../runs/live-tickets.ts';
import type { Services } from '../services.ts';
import { getTicket } from './ticket-request.ts';
import { workOnTicket } from './work-on-ticket.ts';

const AT_ONCE = 8;
/** Whoever takes a request keeps it right after it was entered. Milliseconds. */
const GRACE = 5 * 60_000;
/** A tick begins no more after this: what is left is the next one's. Milliseconds. */
const LONGEST_TICK = 30_000;

/** At each tick: goes on with all requests that wait. No storage call where none does. One that fails holds up no other. */
export async function tendTickets(services: Services, waiting: readonly LiveTicketRow[]): Promise<void> {
  const left = [...waiting];
  const end = performance.now() + LONGEST_TICK;
  const workers = Array.from({ length: Math.min(AT_ONCE, left.length) }, async () => {
    for (let row = left.shift(); row && performance.now() < end; row = left.shift())
      await tend(services, row);
  });
  await withLogFields({ log: 'service' }, () => Promise.all(workers));
}

async function tend(services: Services, { id, at }: LiveTicketRow): Promise<void> {
  try {
    if (await getTicket(services.state, id)) return await workOnTicket(services, id);
    // Its host died before the request was kept: the appliance was told so, or nothing.
    if (Math.abs(services.now() - at) > GRACE) await leaveTicket(services.state, id);
  } catch (error) {
    const { code, message } = reportFailure(error);
    services.log.error('A ticket request could not be worked on', { ticketRequest: id, code, message });
  }
}

/** Works on one as far as it goes now; what fails is logged, and kept for the next tick. */
export function tendTicket(services: Services, id: string): Promise<void> {
  return withLogFields({ log: 'service' }, () => tend(services, { id, at: services.now() }));
}

const underWay = new Set<Promise<void>>();

/**
 * Works on it after the appliance was answered, so that nobody has to wait for a tick. What is cut off, the next tick
 * takes up.
 */
export function workInBackground(services: Services, id: string): void {
  const work = nextTurn().then(() => tendTicket(services, id));
  underWay.add(work);
  void work.finally(() => underWay.delete(work));
}

/** Resolves when nothing is worked on any more. */
export async function ticketsAtRest(): Promise<void> {
  while (underWay.size > 0) await Promise.all(underWay);
}

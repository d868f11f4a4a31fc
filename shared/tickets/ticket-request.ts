import type { FailureReport } from '../errors.ts';
import { enterTicket, leaveTicket } from '../runs/live-tickets.ts';
import { type Entry, StateConflict, type StateStore, stateKey } from '../state/state-store.ts';

/**
 * - `forward`: to be posted to the ticket system
 * - `wait`: posted; the answer comes later
 * - `answer`: decided; the appliance is to be told
 * - `settled`: nothing is left to be done
 */
export type TicketState = 'forward' | 'wait' | 'answer' | 'settled';

/**
 * - `answered`: the appliance took the answer
 * - `perhaps-answered`: it refused it after one whose outcome is not known, which it may have taken
 * - `too-late`: it does not know the request, or not any more (403)
 * - `no-ticket-system`: it has no Ticket System URL (404)
 * - `not-answered`: it could not be told for an hour
 */
export type TicketOutcome =
  | 'answered'
  | 'perhaps-answered'
  | 'too-late'
  | 'no-ticket-system'
  | 'not-answered';

export interface TicketDecision {
  readonly response: 'allow' | 'deny';
  /** `rule NAME`, `otherwise`, `ticket system`, `time` (nobody answered), or who answered by hand. */
  readonly by: string;
}

/** One request for approval. Nothing of what the appliance sent can be read in it. Times: milliseconds, our clock. */
export interface TicketRequest {
  readonly siteId: string;
  /** Of the ticket ID, under the key of the settings. */
  readonly ticketHash: string;
  readonly state: TicketState;
  readonly receivedAt: number;
  /** Until then it has to be decided. */
  readonly decideBy: number;
  /** Not before. */
  readonly nextAt: number;
  /** Attempts at what the state says. */
  readonly tries: number;
  /** What waits, encrypted; gone when it is settled. */
  readonly sealed?: string;
  readonly decision?: TicketDecision;
  /** The decision stands in the audit log. */
  readonly isAudited?: true;
  /** An answer was sent, and it is not known whether the appliance took it. */
  readonly isUnsure?: true;
  /** Of the last attempt. */
  readonly failure?: FailureReport;
  readonly outcome?: TicketOutcome;
  readonly settledAt?: number;
}

export type TicketEntry = Entry<TicketRequest>;

const PARTITION = ['tickets', 'request'] as const;

/** Ids are given to ticket systems, and come from outside. */
export const ticketId = /^[0-9a-f]{32}$/;

export function getTicket(state: StateStore, id: string): Promise<TicketEntry | undefined> {
  return state.get<TicketRequest>(...PARTITION, stateKey(id));
}

/** In the order of their ids, which is none. */
export function listTickets(state: StateStore, range: { readonly from?: string; readonly limit?: number }) {
  return state.list<TicketRequest>(...PARTITION, range);
}

/** Durable when it resolves. False: it is there already. */
export async function keepTicket(state: StateStore, id: string, request: TicketRequest): Promise<boolean> {
  await enterTicket(state, id, request.receivedAt);
  try {
    await state.insert(...PARTITION, stateKey(id), request);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}

/** `undefined`: somebody else changed it meanwhile. */
export async function changeTicket(
  state: StateStore,
  { key, etag }: TicketEntry,
  value: TicketRequest,
): Promise<TicketEntry | undefined> {
  try {
    return { key, value, etag: await state.update(...PARTITION, key, value, etag) };
  } catch (error) {
    if (error instanceof StateConflict) return undefined;
    throw error;
  }
}

const DAY = 86_400_000;
/** So long a request that comes again is known, and shown. */
const KEPT = 2 * DAY;

/** Removes what was settled long ago, and sees to it that what waits is found by the tick. */
export async function forgetTickets(state: StateStore, now: number): Promise<number> {
  let removed = 0;
  for (let from: string | undefined; ; ) {
    const { entries, next } = await listTickets(state, from === undefined ? {} : { from });
    for (const { key, value } of entries) {
      if (value.state !== 'settled') await enterTicket(state, key, value.receivedAt);
      else if (Math.abs(now - (value.settledAt ?? 0)) > KEPT) {
        await state.remove(...PARTITION, key);
        removed++;
      }
    }
    if (next === undefined) return removed;
    from = next;
  }
}

export { leaveTicket };

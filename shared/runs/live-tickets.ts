import { StateConflict, type StateStore, stateKey } from '../state/state-store.ts';

/**
 * Which requests for a ticket's approval wait: a row for each among the runs that have not finished, so that a tick
 * finds all with one call. What is waited for stands in the request itself.
 */
interface LiveTicket {
  /** Milliseconds, our clock. */
  readonly at: number;
}

export interface LiveTicketRow {
  readonly id: string;
  readonly at: number;
}

const PREFIX = 'ticket|';

/** Ids of runs begin with a digit. */
export function isTicketKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

export function liveTicketOf(key: string, value: unknown): LiveTicketRow {
  return { id: key.slice(PREFIX.length), at: (value as LiveTicket).at };
}

/** Before the request is kept, so that none is ever without it. */
export async function enterTicket(state: StateStore, id: string, at: number): Promise<void> {
  try {
    await state.insert('runs', 'live', stateKey('ticket', id), { at } satisfies LiveTicket);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

export function leaveTicket(state: StateStore, id: string): Promise<void> {
  return state.remove('runs', 'live', stateKey('ticket', id));
}

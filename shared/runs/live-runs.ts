import { listAll } from '../state/list-all.ts';
import { type Entry, StateConflict, type StateStore } from '../state/state-store.ts';
import { isTicketKey, type LiveTicketRow, liveTicketOf } from './live-tickets.ts';
import type { Run } from './run.ts';
import { isEventKey, type SessionEvent } from './session-events.ts';

/** A run that was made and has not finished: found without looking through all runs there ever were. */
export interface LiveRun {
  readonly runId: string;
  /** Its due instant. ISO 8601, our clock. */
  readonly dueAt: string;
}

/** Before the run is made, so that no run is ever without it. */
export async function enterLive(state: StateStore, { id, dueAt }: Run): Promise<void> {
  try {
    await state.insert('runs', 'live', id, { runId: id, dueAt } satisfies LiveRun);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

export function leaveLive(state: StateStore, runId: string): Promise<void> {
  return state.remove('runs', 'live', runId);
}

export interface LiveWork {
  /** Newest first, as run ids are. */
  readonly runs: readonly LiveRun[];
  readonly events: readonly Entry<SessionEvent>[];
  /** Requests for a ticket's approval that wait. */
  readonly tickets: readonly LiveTicketRow[];
}

/** All that is under way or waits: one storage call while it is not very much. */
export async function liveWork(state: StateStore): Promise<LiveWork> {
  const runs: LiveRun[] = [];
  const events: Entry<SessionEvent>[] = [];
  const tickets: LiveTicketRow[] = [];
  for await (const entry of listAll<LiveRun | SessionEvent>(state, 'runs', 'live'))
    if (isEventKey(entry.key)) events.push(entry as Entry<SessionEvent>);
    else if (isTicketKey(entry.key)) tickets.push(liveTicketOf(entry.key, entry.value));
    else runs.push(entry.value as LiveRun);
  return { runs, events, tickets };
}

export async function liveRuns(state: StateStore): Promise<readonly LiveRun[]> {
  return (await liveWork(state)).runs;
}

import { StateConflict, type StateStore } from '../state/state-store.ts';
import type { Run } from './run.ts';

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

/** Newest first, as run ids are. */
export async function liveRuns(state: StateStore): Promise<LiveRun[]> {
  const live: LiveRun[] = [];
  let from: string | undefined;
  do {
    const page = await state.list<LiveRun>('runs', 'live', from === undefined ? {} : { from });
    live.push(...page.entries.map(({ value }) => value));
    from = page.next;
  } while (from !== undefined);
  return live;
}

import { leaveLive } from '../runs/live-runs.ts';
import { getRun, isFinished, type Run, runId } from '../runs/run.ts';
import { listAll } from '../state/list-all.ts';
import type { StateStore } from '../state/state-store.ts';
import { stateKey } from '../state/state-store.ts';

const PAGE = 200;

/**
 * Removes the records of runs that were due before this instant and have ended: what they did piece by piece, their
 * settings, then the record, so that one that is cut off is found again. What they stored, and the proof of it, is
 * not theirs and stays. Milliseconds, our clock.
 */
export async function removeRuns(
  state: StateStore,
  before: number,
  timeIsUp: () => boolean,
): Promise<{ readonly removed: number; readonly done: boolean }> {
  let removed = 0;
  // Keys of runs begin with the newest: the old ones stand at the end.
  const old = { from: runId(before - 1, ''), limit: PAGE };
  for await (const { key, value } of listAll<Run>(state, 'runs', 'run', old)) {
    if (timeIsUp()) return { removed, done: false };
    if (!isFinished(value)) continue;
    await removeAll(state, stateKey('part', key));
    await state.remove('runs', 'settings', key);
    await leaveLive(state, key);
    await state.remove('runs', 'run', key);
    removed++;
  }
  return { removed, done: await removeOrphans(state, before, timeIsUp) };
}

/** Settings of runs that were never made: whoever made them died in between. */
async function removeOrphans(state: StateStore, before: number, timeIsUp: () => boolean): Promise<boolean> {
  const old = { from: runId(before - 1, ''), limit: PAGE };
  for await (const { key } of listAll(state, 'runs', 'settings', old)) {
    if (timeIsUp()) return false;
    if ((await getRun(state, key)) === undefined) await state.remove('runs', 'settings', key);
  }
  return true;
}

async function removeAll(state: StateStore, partition: string): Promise<void> {
  for (;;) {
    const { entries } = await state.list('runs', partition, { limit: 100 });
    if (entries.length === 0) return;
    await state.batch(
      'runs',
      partition,
      entries.map(({ key }) => ({ op: 'remove', key })),
    );
  }
}

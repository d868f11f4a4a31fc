import { leaveLive } from '../runs/live-runs.ts';
import { getRun, isFinished, type Run, runId } from '../runs/run.ts';
import type { Page, StateStore } from '../state/state-store.ts';
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
  for (let from: string | undefined = runId(before - 1, ''); from !== undefined; ) {
    const page: Page<Run> = await state.list<Run>('runs', 'run', { from, limit: PAGE });
    for (const { key, value } of page.entries) {
      if (timeIsUp()) return { removed, done: false };
      if (!isFinished(value)) continue;
      await removeAll(state, stateKey('part', key));
      await state.remove('runs', 'settings', key);
      await leaveLive(state, key);
      await state.remove('runs', 'run', key);
      removed++;
    }
    from = page.next;
  }
  return { removed, done: await removeOrphans(state, before, timeIsUp) };
}

/** Settings of runs that were never made: whoever made them died in between. */
async function removeOrphans(state: StateStore, before: number, timeIsUp: () => boolean): Promise<boolean> {
  for (let from: string | undefined = runId(before - 1, ''); from !== undefined; ) {
    const page: Page<unknown> = await state.list('runs', 'settings', { from, limit: PAGE });
    for (const { key } of page.entries) {
      if (timeIsUp()) return false;
      if ((await getRun(state, key)) === undefined) await state.remove('runs', 'settings', key);
    }
    from = page.next;
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

import { reportFailure } from '../errors.ts';
import { removeImports } from '../imports/remove-imports.ts';
import { listReconciliations, removeReconciliation } from '../reconciliation/record.ts';
import { runId } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { removeAnswers } from './kept-answers.ts';
import { type HistoryClient, purgeHistories } from './purge-histories.ts';
import { removeRuns } from './remove-runs.ts';

const DAY = 86_400_000;
/** The platform may take an instance away after some ten minutes; what is left is the next hour's. Milliseconds. */
const WORK_MS = 4 * 60_000;

/** All was done. Milliseconds, our clock. */
interface Kept {
  readonly at: number;
}

const KEPT = ['claims', 'housekeeping', 'kept'] as const;
/** A day's work is done once a day, however often it is called. */
const PAUSE_MS = 20 * 3_600_000;

interface Step {
  readonly name: string;
  work(): Promise<{ readonly removed: number; readonly done: boolean }>;
}

/**
 * Removes what is old and is no evidence: histories of orchestrations, records of runs and reconciliations, logs,
 * answers that were kept for repeats. Never the
 * catalog, manifests, the item ledger, coverage, the settings' history or the audit log. Each step may be cut off and
 * done again; one that fails does not keep the others from their work, and the first failure is thrown at the end.
 */
export async function keepHouse(services: Services, client: HistoryClient): Promise<void> {
  const { state, log, now } = services;
  const since = now() - ((await state.get<Kept>(...KEPT))?.value.at ?? 0);
  if (since >= 0 && since < PAUSE_MS) return;
  const { runRemovalDays, logRemovalDays } = (await loadSettings(state)).settings.application;
  const until = now() + WORK_MS;
  const timeIsUp = () => now() >= until;
  const before = now() - runRemovalDays * DAY;
  const steps: readonly Step[] = [
    {
      name: 'histories',
      work: () => purgeHistories(services, client, runRemovalDays, timeIsUp),
    },
    { name: 'runs', work: () => removeRuns(state, before, timeIsUp) },
    {
      name: 'log days',
      work: async () => ({
        removed: (await services.logs?.remove(now() - logRemovalDays * DAY)) ?? 0,
        done: true,
      }),
    },
    { name: 'imports', work: () => removeImports(services, timeIsUp) },
    { name: 'answers', work: () => removeAnswers(state, now(), timeIsUp) },
    { name: 'reconciliations', work: () => removeReconciliations(services, before) },
  ];
  const failures: unknown[] = [];
  let allDone = true;
  for (const { name, work } of steps) {
    try {
      const { removed, done } = await work();
      allDone &&= done;
      if (removed > 0 || !done) log.info('Old records removed', { of: name, removed, done });
    } catch (error) {
      failures.push(error);
      log.error('Housekeeping failed', { of: name, message: reportFailure(error).message });
    }
  }
  if (failures.length > 0) throw failures[0];
  if (allDone) await state.put(...KEPT, { at: now() } satisfies Kept);
}

async function removeReconciliations(
  { state }: Services,
  before: number,
): Promise<{ readonly removed: number; readonly done: boolean }> {
  const { entries, next } = await listReconciliations(state, { from: runId(before - 1, '') });
  for (const { key } of entries) await removeReconciliation(state, key);
  return { removed: entries.length, done: next === undefined };
}

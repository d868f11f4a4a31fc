import type { FailureReport } from '../errors.ts';
import { type LiveRun, leaveLive, liveRuns } from '../runs/live-runs.ts';
import { getRun, isFinished, transferKey } from '../runs/run.ts';
import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';
import { failAll } from './run-orchestration.ts';
import { finishRun } from './run-steps.ts';

/** Whoever made a run starts it: for so long it is left to them. Milliseconds. */
const GRACE = 2 * 60_000;

export interface TendedRuns {
  /** Ids of runs that go on; started now where nobody had. */
  readonly going: readonly string[];
  /** Ids of runs whose orchestration had ended in itself: they cannot go on and were closed as failed. */
  readonly closed: readonly string[];
}

/**
 * Looks after the runs that have not finished: one that was made and never started is started, and one whose
 * orchestration ended without a result must not look as if it went on.
 */
export async function tendRuns(
  services: Services,
  starter: RunStarter,
  { grace = GRACE, live }: { readonly grace?: number; readonly live?: readonly LiveRun[] } = {},
): Promise<TendedRuns> {
  const going: string[] = [];
  const closed: string[] = [];
  for (const { runId, dueAt } of live ?? (await liveRuns(services.state))) {
    if (services.now() - Date.parse(dueAt) < grace) {
      going.push(runId);
      continue;
    }
    const run = await getRun(services.state, runId);
    if (!run || isFinished(run)) {
      await leaveLive(services.state, runId);
      continue;
    }
    await starter.start(runId);
    if (await starter.isGoing(runId)) {
      going.push(runId);
      continue;
    }
    if (isFinished((await getRun(services.state, runId)) ?? run)) continue;
    const why = (await starter.whyEnded?.(runId)) ?? 'the log has the details.';
    const failure: FailureReport = {
      kind: 'internal',
      code: 'orchestration-ended',
      message: `The run ended without a result: ${why}`,
    };
    const failures = failAll(run.transfers.map(transferKey), failure);
    await finishRun(services, { runId, failures, cancelled: false, failure });
    closed.push(runId);
  }
  return { going, closed };
}

import type { FailureReport } from '../errors.ts';
import type { TransferKey } from '../runs/run.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import type { Orchestration, OrchestratorName, Steps } from './orchestration.ts';
import { step } from './orchestration.ts';
import type { Group } from './run-steps.ts';

/** What a group of a run came to: transfers that failed, and why. */
export interface GroupResult {
  readonly failures: Readonly<Record<TransferKey, FailureReport>>;
  readonly cancelled: boolean;
}

export interface GroupInput extends Group {
  readonly runId: string;
  /** Of the group's own orchestration; those it starts are named after it. */
  readonly instanceId: string;
}

const orchestrators: Readonly<Record<Group['feed'], OrchestratorName>> = {
  sessions: 'site-sessions',
  presentations: 'site-sessions',
  snapshot: 'site-snapshot',
  buckets: 'site-buckets',
  import: 'site-import',
};

/** Which report feeds the group, for the steps that ask; sessions where it is not said. */
export function reportOf({ feed }: GroupInput): { readonly report?: SessionReportKind } {
  return feed === 'presentations' ? { report: 'presentation' } : {};
}

const unexpected: FailureReport = {
  kind: 'internal',
  code: 'internal',
  message: 'An unexpected error ended this part of the run; the log has the details.',
};

/** The whole of a run: its groups side by side, then the result. */
export function* runOrchestration(
  durable: Orchestration,
  { runId }: { readonly runId: string },
): Steps<unknown> {
  const { groups } = yield* step(durable, 'start-run', { runId });
  const results: GroupResult[] = [];
  if (groups.length > 0) {
    try {
      const tasks = groups.map((group, index) => {
        const instanceId = `${runId}-g${index}`;
        const input: GroupInput = { ...group, runId, instanceId };
        return durable.orchestrator(orchestrators[group.feed], input, instanceId);
      });
      results.push(...((yield durable.all(tasks)) as GroupResult[]));
    } catch {
      // Groups report their failures as values; what is thrown here ended one from outside (a host's time limit).
      results.push(
        ...groups.map((group) => ({ failures: failAll(group.transfers, unexpected), cancelled: false })),
      );
    }
  }
  if (groups.length > 0) yield* seal(durable, runId);
  const failures = Object.assign({}, ...results.map((result) => result.failures)) as GroupResult['failures'];
  return yield* step(durable, 'finish-run', {
    runId,
    failures,
    cancelled: results.some((result) => result.cancelled),
  });
}

/** Pieces of work: more than any run needs; what is then left is the next run's. */
const MOST_SEAL_PARTS = 50;

/** Manifests of what was stored. Without them the run still ends: what was stored is named by the next run's. */
function* seal(durable: Orchestration, runId: string): Steps<void> {
  let done: readonly string[] = [];
  for (let part = 0; part < MOST_SEAL_PARTS; part++) {
    try {
      const sealed = yield* step(durable, 'seal-run', { runId, part, done });
      if (!sealed.more) return;
      done = sealed.done;
    } catch {
      return;
    }
  }
}

export function failAll(
  transfers: readonly TransferKey[],
  failure: FailureReport,
): Record<TransferKey, FailureReport> {
  return Object.fromEntries(transfers.map((transfer) => [transfer, failure]));
}

/** An activity that throws was ended from outside; the log has what it was. */
export function* guarded(input: GroupInput, steps: () => Steps<GroupResult>): Steps<GroupResult> {
  try {
    return yield* steps();
  } catch {
    return { failures: failAll(input.transfers, unexpected), cancelled: false };
  }
}

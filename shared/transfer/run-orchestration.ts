import type { FailureReport } from '../errors.ts';
import type { TransferKey } from '../runs/run.ts';
import type { Orchestration, Steps } from './orchestration.ts';
import { fanOut, step } from './orchestration.ts';
import type { Group } from './run-steps.ts';

/** What a group of a run came to: transfers that failed, and why. */
export interface GroupResult {
  readonly failures: Readonly<Record<TransferKey, FailureReport>>;
  readonly cancelled: boolean;
}

export interface GroupInput extends Group {
  readonly runId: string;
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
        const input: GroupInput = { ...group, runId };
        const name = group.feed === 'sessions' ? 'site-sessions' : 'site-snapshot';
        return durable.orchestrator(name, input, `${runId}-g${index}`);
      });
      results.push(...((yield durable.all(tasks)) as GroupResult[]));
    } catch {
      // Groups report their failures as values; what is thrown here ended one from outside (a host's time limit).
      results.push(
        ...groups.map((group) => ({ failures: failAll(group.transfers, unexpected), cancelled: false })),
      );
    }
  }
  const failures = Object.assign({}, ...results.map((result) => result.failures)) as GroupResult['failures'];
  return yield* step(durable, 'finish-run', {
    runId,
    failures,
    cancelled: results.some((result) => result.cancelled),
  });
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

/** Snapshots: owed for the due instant, then fetched. */
export function* snapshotOrchestration(durable: Orchestration, input: GroupInput): Steps<GroupResult> {
  return yield* guarded(input, function* () {
    const owed = yield* fanOut(
      durable,
      'owe-snapshot',
      input.streams.map((stream) => ({ runId: input.runId, siteId: input.siteId, stream })),
    );
    const failed = owed.find((outcome) => outcome.status === 'failed');
    if (failed?.status === 'failed')
      return { failures: failAll(input.transfers, failed.failure), cancelled: false };
    return yield* drainAll(durable, input, {});
  });
}

/** Walks the ledgers of the group's file streams until nothing due is left. */
export function* drainAll(
  durable: Orchestration,
  input: GroupInput,
  failedBefore: Readonly<Record<TransferKey, FailureReport>>,
): Steps<GroupResult> {
  const failures: Record<TransferKey, FailureReport> = { ...failedBefore };
  const { runId, siteId } = input;
  for (const stream of input.streams) {
    const mine = input.transfers.filter((transfer) => transfer.split('|')[1] === stream);
    // Session data has no ledger of its own to fetch from.
    if (stream === 'session-data') continue;
    const without: string[] = [];
    let from: string | undefined;
    for (let part = 0; ; part++) {
      const at = from === undefined ? {} : { from };
      const drained = yield* step(durable, 'drain', { runId, siteId, stream, part, without, ...at });
      if (drained.status === 'cancelled') return { failures, cancelled: true };
      if (drained.status === 'failed') {
        Object.assign(failures, failAll(mine, drained.failure));
        break;
      }
      for (const { destinationId, failure } of drained.failures) {
        without.push(destinationId);
        const key = mine.find((transfer) => transfer.split('|')[2] === destinationId);
        if (key !== undefined) failures[key] = failure;
      }
      if (!drained.more || without.length >= mine.length) break;
      from = drained.next;
    }
  }
  return { failures, cancelled: false };
}

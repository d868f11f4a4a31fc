import type { FailureReport } from '../errors.ts';
import { type TransferKey, transferParts } from '../runs/run.ts';
import { notThere } from '../streams/available.ts';
import { streamOf } from '../streams/index.ts';
import type { StreamId } from '../streams/stream.ts';
import { fanOut, type Orchestration, type Steps, step } from './orchestration.ts';
import { failAll, type GroupInput, type GroupResult, guarded } from './run-orchestration.ts';

/** One generation of walking the ledger of one data type. */
export interface FilesInput extends GroupInput {
  readonly stream: StreamId;
  readonly part?: number;
  readonly from?: string;
  /** Destinations that failed for good in this run. */
  readonly without?: readonly string[];
  readonly failures?: Readonly<Record<TransferKey, FailureReport>>;
}

/** Pieces of work a generation: a back-fill of many thousand recordings must not grow one history. */
const PARTS_A_GENERATION = 20;

/** Walks the ledger of a data type until nothing due is left. */
export function* filesOrchestration(
  durable: Orchestration,
  input: FilesInput,
): Steps<GroupResult | undefined> {
  const { runId, siteId, stream } = input;
  const first = input.part ?? 0;
  const failures: Record<TransferKey, FailureReport> = { ...input.failures };
  const without = [...(input.without ?? [])];
  let from = input.from;
  let continued = false;
  const result = yield* guarded(input, function* () {
    for (let part = first; ; part++) {
      if (part - first >= PARTS_A_GENERATION) {
        continued = true;
        const at = from === undefined ? {} : { from };
        durable.continueAsNew({ ...input, part, without, failures, ...at } satisfies FilesInput);
        return { failures, cancelled: false };
      }
      const at = from === undefined ? {} : { from };
      const drained = yield* step(durable, 'drain', { runId, siteId, stream, part, without, ...at });
      if (drained.status === 'cancelled') return { failures, cancelled: true };
      if (drained.status === 'failed')
        return { failures: { ...failures, ...failAll(input.transfers, drained.failure) }, cancelled: false };
      for (const { destinationId, failure } of drained.failures) {
        without.push(destinationId);
        const key = input.transfers.find(
          (transfer) => transferParts(transfer).destinationId === destinationId,
        );
        if (key !== undefined) failures[key] = failure;
      }
      if (!drained.more || without.length >= input.transfers.length) return { failures, cancelled: false };
      from = drained.next;
    }
  });
  return continued ? undefined : result;
}

/** The ledgers of a group's file data types, each in an orchestration of its own. */
export function* drainAll(
  durable: Orchestration,
  input: GroupInput,
  failedBefore: Readonly<Record<TransferKey, FailureReport>>,
  instanceId: string,
): Steps<GroupResult> {
  let result: GroupResult = { failures: failedBefore, cancelled: false };
  for (const stream of input.streams.filter((id) => streamOf(id).content === 'file')) {
    const transfers = input.transfers.filter((transfer) => transferParts(transfer).stream === stream);
    // What the appliance does not have is not asked for.
    const without = transfers
      .filter((transfer) => notThere.has(failedBefore[transfer]?.code ?? ''))
      .map((transfer) => transferParts(transfer).destinationId);
    const files: FilesInput = { ...input, streams: [stream], transfers, stream, without };
    const drained = (yield durable.orchestrator(
      'site-files',
      files,
      `${instanceId}-${stream}`,
    )) as GroupResult;
    result = {
      failures: { ...result.failures, ...drained.failures },
      cancelled: result.cancelled || drained.cancelled,
    };
    if (result.cancelled) break;
  }
  return result;
}

/** Snapshots: owed for the due instant, then fetched. */
export function* snapshotOrchestration(durable: Orchestration, input: GroupInput): Steps<GroupResult> {
  return yield* guarded(input, function* () {
    const owed = yield* fanOut(
      durable,
      'owe-snapshot',
      input.streams.map((stream) => ({ runId: input.runId, siteId: input.siteId, stream })),
    );
    if (owed.some(({ status }) => status === 'cancelled')) return { failures: {}, cancelled: true };
    const failed = owed.find((outcome) => outcome.status === 'failed');
    if (failed?.status === 'failed')
      return { failures: failAll(input.transfers, failed.failure), cancelled: false };
    return yield* drainAll(durable, input, {}, input.instanceId);
  });
}

import { type FailureReport, reportFailure } from '../errors.ts';
import { STAGED_IMPORTS } from '../imports/import-record.ts';
import { logEvents } from '../log-events.ts';
import { notifyOfRun } from '../notifications/index.ts';
import { leaveLive } from '../runs/live-runs.ts';
import { noProgress, type Progress, runProgress, timesOf } from '../runs/progress.ts';
import {
  addCounts,
  type Counts,
  changeRun,
  getRun,
  isFinished,
  noCounts,
  type Run,
  type RunStatus,
  type Transfer,
  type TransferKey,
  type TransferResult,
  transferKey,
} from '../runs/run.ts';
import { fitRun } from '../runs/run-size.ts';
import { markLastRun } from '../schedules/schedule-state.ts';
import type { Services } from '../services.ts';
import { streamOf } from '../streams/index.ts';
import type { SessionReportKind, StreamId } from '../streams/stream.ts';
import { endImport } from './end-import.ts';
import { leaseOf, releaseLease, takeLease } from './reader-lease.ts';

/**
 * What a run is made of: session reports of a site, then the files they announce; presentation reports likewise; reports
 * read in buckets of time; and each snapshot by itself. Of an import it is the sessions of its files.
 */
export interface Group {
  readonly siteId: string;
  readonly feed: 'sessions' | 'presentations' | 'snapshot' | 'buckets' | 'import';
  readonly streams: readonly StreamId[];
  readonly transfers: readonly TransferKey[];
}

/** Marks the run as running and says its groups. Empty when it has ended before. */
export async function startRun(
  services: Services,
  { runId }: { readonly runId: string },
): Promise<{ groups: Group[] }> {
  const run = await changeRun(services.state, runId, (current) =>
    current.startedAt === undefined
      ? { ...current, status: 'running', startedAt: new Date(services.now()).toISOString() }
      : undefined,
  );
  if (isFinished(run)) return { groups: [] };
  services.log.info('Run started', {
    run: run.id,
    kind: run.kind,
    schedule: run.scheduleId,
    transfers: run.transfers.length,
  });
  const groups = new Map<
    string,
    { siteId: string; feed: Group['feed']; streams: Set<StreamId>; transfers: TransferKey[] }
  >();
  for (const transfer of run.transfers) {
    const feed = run.import ? 'import' : feedOf(transfer.stream);
    const key = `${transfer.siteId}|${feed === 'snapshot' ? transfer.stream : feed}`;
    const group = groups.get(key) ?? { siteId: transfer.siteId, feed, streams: new Set(), transfers: [] };
    group.streams.add(transfer.stream);
    group.transfers.push(transferKey(transfer));
    groups.set(key, group);
  }
  return { groups: [...groups.values()].map((group) => ({ ...group, streams: [...group.streams] })) };
}

function feedOf(id: StreamId): Group['feed'] {
  const stream = streamOf(id);
  switch (stream.from) {
    case 'session-report':
      return stream.report === 'presentation' ? 'presentations' : 'sessions';
    case 'bucket':
      return 'buckets';
    case 'snapshot':
      return 'snapshot';
  }
}

export interface LeaseInput {
  readonly runId: string;
  readonly siteId: string;
  /** Absent: sessions. */
  readonly report?: SessionReportKind;
}

export async function leaseReader(
  services: Services,
  { runId, siteId, report }: LeaseInput,
): Promise<{ taken: boolean }> {
  const run = await getRun(services.state, runId);
  // A cancelled run must not wait: what follows will see it and end.
  if (run?.cancelRequested) return { taken: true };
  return { taken: await takeLease(services, siteId, leaseOf(report), runId) };
}

/** Frees the lease: what follows is no reading. */
export async function endReading(services: Services, { runId, siteId, report }: LeaseInput): Promise<object> {
  await releaseLease(services, siteId, leaseOf(report), runId);
  return {};
}

export async function dropStaged(
  services: Services,
  { names }: { readonly names: readonly string[] },
): Promise<object> {
  for (const name of names) await services.staging.remove(name);
  return {};
}

export interface FinishInput {
  readonly runId: string;
  readonly failures: Readonly<Record<TransferKey, FailureReport>>;
  readonly cancelled: boolean;
  /** Of the run as a whole: its orchestration ended without a result. */
  readonly failure?: FailureReport;
}

/** Writes the results. Last Run moves unless the run failed by an error of our own (IC guide: Last Run). */
export async function finishRun(
  services: Services,
  { runId, failures, cancelled, failure }: FinishInput,
): Promise<{ status: RunStatus }> {
  await endImport(services, runId);
  const progress = await runProgress(services.state, runId);
  const run = await changeRun(services.state, runId, (current) => {
    if (isFinished(current)) return undefined;
    const results = current.transfers.map((transfer) => {
      const key = transferKey(transfer);
      return resultOf(transfer, progress.get(key), failures[key], cancelled);
    });
    return fitRun({
      ...current,
      status: failure ? 'failed' : runStatus(results),
      results,
      ...(failure ? { failure } : {}),
      finishedAt: new Date(services.now()).toISOString(),
    });
  });
  const internal = [run, ...(run.results ?? [])].some((part) => part.failure?.kind === 'internal');
  if (run.scheduleId !== undefined && !internal)
    await markLastRun(services.state, run.scheduleId, run.dueAt, run.id);
  try {
    await sweepStaged(services, runId);
  } catch (error) {
    // The result stands; what is left is swept by the next run that ends.
    services.log.warn('Staged slices could not be removed', {
      run: runId,
      error: reportFailure(error).message,
    });
  }
  await leaveLive(services.state, runId);
  const { postponed, setAside } = (run.results ?? []).reduce(
    (sum, { counts }) => addCounts(sum, counts),
    noCounts,
  );
  services.log.info(logEvents.runFinished, {
    run: run.id,
    status: run.status,
    seconds: duration(run),
    postponed,
    setAside,
  });
  await notifyOfRun(services, run);
  return { status: run.status };
}

/** What this run staged, and what runs before it did: a reading that was delivered twice may outlive its run. */
async function sweepStaged({ staging, state }: Services, runId: string): Promise<void> {
  const over = new Map([[runId, true]]);
  for await (const { name } of staging.list('')) {
    const owner = name.split('/', 1)[0] ?? '';
    if (owner === STAGED_IMPORTS) continue;
    if (!over.has(owner)) {
      const run = await getRun(state, owner);
      over.set(owner, run === undefined || isFinished(run));
    }
    if (over.get(owner)) await staging.remove(name);
  }
}

function resultOf(
  { siteId, stream, destinationId }: Transfer,
  progress: Progress = noProgress,
  failed: FailureReport | undefined,
  cancelled: boolean,
): TransferResult {
  const { counts, alarms } = progress;
  const failure = failed ?? (cancelled ? undefined : missedSnapshot(stream, counts, alarms));
  const incomplete = counts.postponed + counts.setAside > 0;
  const status = failure ? 'failed' : cancelled ? 'cancelled' : incomplete ? 'partial' : 'succeeded';
  const result = { siteId, stream, destinationId, status, counts, alarms, ...timesOf(progress) } as const;
  return failure ? { ...result, failure } : result;
}

/** A snapshot belongs to its instant: one that could not be made in its run is not made later. */
function missedSnapshot(
  stream: StreamId,
  counts: Counts,
  alarms: readonly string[],
): FailureReport | undefined {
  if (streamOf(stream).from !== 'snapshot' || counts.stored + counts.repeated + counts.skipped > 0)
    return undefined;
  return {
    kind: 'transient',
    code: 'snapshot-missed',
    message: alarms[0] ?? 'The snapshot could not be made.',
  };
}

function runStatus(results: readonly TransferResult[]): RunStatus {
  const all = (status: TransferResult['status']) => results.every((result) => result.status === status);
  if (all('succeeded')) return 'succeeded';
  if (all('failed')) return 'failed';
  if (results.some(({ status }) => status === 'cancelled')) return 'cancelled';
  return 'partial';
}

function duration(run: Run): number {
  return (Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000;
}

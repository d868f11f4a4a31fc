import type { FailureReport } from '../errors.ts';
import type { Begin } from '../settings/schedule.ts';
import { type Entry, StateConflict, type StateStore, stateKey } from '../state/state-store.ts';
import type { StreamId, TransferOptions } from '../streams/stream.ts';

/** `partial`: something is still owed or was set aside. `failed`: at least one transfer could do nothing. */
export type RunStatus = 'queued' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled';

/** Site × data type × destination: what a run moves. */
export interface Transfer extends TransferOptions {
  readonly siteId: string;
  readonly stream: StreamId;
  readonly destinationId: string;
  readonly begin: Begin;
}

export type TransferKey = string;

export function transferKey(transfer: Pick<Transfer, 'siteId' | 'stream' | 'destinationId'>): TransferKey {
  return stateKey(transfer.siteId, transfer.stream, transfer.destinationId);
}

/** The parts of a key again, as `stateKey` wrote them: ids and data types hold no character that it would change. */
export function transferParts(key: TransferKey): { siteId: string; stream: string; destinationId: string } {
  const [siteId = '', stream = '', destinationId = ''] = key.split('|');
  return { siteId, stream, destinationId };
}

export function transferOf(run: Run, key: TransferKey): Transfer {
  const transfer = run.transfers.find((candidate) => transferKey(candidate) === key);
  if (!transfer) throw new Error(`run ${run.id} has no transfer ${key}`);
  return transfer;
}

/**
 * What an ad-hoc pull asks for: sessions that began in [from, to) of appliance time, or named ones. `end_time`: closed
 * ones that ended in it; reconciliation reads them again so.
 */
export type PullSelection =
  | { readonly by: 'start_time' | 'end_time'; readonly from: number; readonly to: number }
  | { readonly by: 'lsids'; readonly lsids: readonly string[] };

/** The import that a pull loads: whole files instead of what an appliance is asked for. */
export interface ImportSource {
  readonly id: string;
  /**
   * Where the files that its sessions name are fetched. `site`: a site of the settings; `host`: a host with credentials
   * that are given for this load only; `none`: nowhere, only session data are loaded.
   */
  readonly from: 'site' | 'host' | 'none';
}

export interface Run {
  readonly id: string;
  readonly kind: 'schedule' | 'pull';
  readonly scheduleId?: string;
  readonly selection?: PullSelection;
  readonly import?: ImportSource;
  /** Id of the reconciliation that made the pull. */
  readonly reconciliation?: string;
  /** What asked for it, where that is neither its schedule's period nor a person's pull. */
  readonly trigger?: 'hand' | 'event';
  /** ISO 8601, our clock. The due instant of the schedule, or when the pull was asked for. Keys snapshots. */
  readonly dueAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly status: RunStatus;
  readonly cancelRequested?: boolean;
  readonly transfers: readonly Transfer[];
  /** Set when the run is finished; while it goes on, ask `runProgress`. */
  readonly results?: readonly TransferResult[];
  readonly failure?: FailureReport;
}

export interface TransferResult {
  readonly siteId: string;
  readonly stream: StreamId;
  readonly destinationId: string;
  readonly status: 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled';
  readonly counts: Counts;
  readonly alarms: readonly string[];
  /**
   * The stretch of time that the appliance was asked for, where it is asked by time: from `from` on, before `to`.
   * ISO 8601, appliance's clock.
   */
  readonly asked?: { readonly from: string; readonly to: string };
  /** From its first piece of work to its last; absent where nothing was done. ISO 8601, our clock. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly seconds?: number;
  readonly failure?: FailureReport;
}

/** All whole numbers; what a counter does not apply to stays 0. */
export interface Counts {
  /** Sessions or files that were looked at. */
  readonly found: number;
  readonly stored: number;
  /** There already, unchanged or newer. */
  readonly repeated: number;
  /** Sessions that still run: to be completed by a later run. */
  readonly open: number;
  /** Files put into the item ledger. */
  readonly owed: number;
  /** Attempts that failed and will be made again. */
  readonly postponed: number;
  readonly setAside: number;
  readonly skipped: number;
  readonly bytes: number;
}

export const noCounts: Counts = {
  found: 0,
  stored: 0,
  repeated: 0,
  open: 0,
  owed: 0,
  postponed: 0,
  setAside: 0,
  skipped: 0,
  bytes: 0,
};

export function addCounts(a: Counts, b: Partial<Counts>): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + (value ?? 0);
  return sum as unknown as Counts;
}

const END_OF_TIME = 9_999_999_999_999;

/** Newest first in key order, and usable as an orchestration's instance id. */
export function runId(dueMs: number, name: string): string {
  return `${String(END_OF_TIME - dueMs).padStart(13, '0')}-${name}`;
}

export function createRun(state: StateStore, run: Run): Promise<string> {
  return state.insert('runs', 'run', run.id, run);
}

export async function getRun(state: StateStore, id: string): Promise<Run | undefined> {
  return (await state.get<Run>('runs', 'run', id))?.value;
}

/** Changes a run under its ETag, again when somebody else did so meanwhile. `change` may return undefined: leave it. */
export async function changeRun(
  state: StateStore,
  id: string,
  change: (run: Run) => Run | undefined,
): Promise<Run> {
  for (;;) {
    const entry: Entry<Run> | undefined = await state.get<Run>('runs', 'run', id);
    if (!entry) throw new Error(`no run ${id}`);
    const next = change(entry.value);
    if (!next) return entry.value;
    try {
      await state.update('runs', 'run', id, next, entry.etag);
      return next;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

export function isFinished(run: Run): boolean {
  return run.finishedAt !== undefined;
}

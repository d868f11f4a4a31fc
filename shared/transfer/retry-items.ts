import { type Run, type Transfer, transferKey } from '../runs/run.ts';
import { makePullRun } from '../schedules/make-run.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { StateConflict } from '../state/state-store.ts';
import { streamOf } from '../streams/index.ts';
import { retryByHand } from './attempts.ts';
import { ledgerPartition, type OwedItem, SESSION_VANISHED } from './ledger.ts';
import type { LedgerRow } from './ledger-walk.ts';
import { pool } from './pool.ts';

export interface RetryOptions {
  readonly settings: Settings;
  /** Makes a run that fetches the files now; else the next run of a schedule does. */
  readonly now: boolean;
  /** For the ids of the runs. */
  readonly name: string;
}

/** Who fetches what is tried again. */
export interface RetriedTransfer {
  readonly site: string;
  readonly stream: string;
  readonly destination: string;
  readonly items: number;
  /** `nobody`: no enabled schedule has this transfer. */
  readonly by: 'run' | 'schedule' | 'nobody';
  readonly run?: string;
  readonly schedules?: readonly string[];
}

export interface Retried {
  readonly transfers: readonly RetriedTransfer[];
  /** Rows that cannot be tried again, and why. */
  readonly refused: readonly { readonly row: LedgerRow; readonly reason: string }[];
  /** Made, and to be started. */
  readonly runs: readonly Run[];
}

const ROWS_AT_ONCE = 16;

/**
 * Tries rows of the ledger again on a person's word. A file becomes pending and due now. A session that its destination
 * would not take is nobody's to fetch: it is read again by its lsid, by a run of its own, and leaves the ledger when
 * it is stored.
 */
export async function retryItems(
  services: Services,
  rows: readonly LedgerRow[],
  options: RetryOptions,
): Promise<Retried> {
  const refused: { row: LedgerRow; reason: string }[] = [];
  const groups = new Map<string, { transfer: Transfer; named: boolean; rows: LedgerRow[] }>();
  for (const row of rows) {
    const reason = refusal(row, options.settings);
    if (reason !== undefined) {
      refused.push({ row, reason });
      continue;
    }
    const transfer = transferOfRow(row);
    const named = isRead(row);
    const key = `${transferKey(transfer)} ${named}`;
    const group = groups.get(key) ?? { transfer, named, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  const transfers: RetriedTransfer[] = [];
  const runs: Run[] = [];
  let made = 0;
  for (const { transfer, named, rows: members } of groups.values()) {
    const run =
      named || options.now
        ? await makePullRun(services.state, options.settings, {
            now: services.now(),
            name: `${options.name}-${made++}`,
            transfers: [transfer],
            ...(named ? { selection: { by: 'lsids', lsids: lsidsOf(members) } } : {}),
          })
        : undefined;
    const items = await markAll(services, members, named, run?.id);
    if (run) runs.push(run);
    transfers.push({ ...whoFetches(options.settings, transfer, run?.id), items });
  }
  return { transfers, refused, runs };
}

function refusal({ siteId, stream, entry }: LedgerRow, settings: Settings): string | undefined {
  const { destinationId } = entry.value;
  if (!settings.sites.some(({ id }) => id === siteId)) return `there is no site "${siteId}" in the settings`;
  if (!settings.destinations.some(({ id }) => id === destinationId))
    return `there is no destination "${destinationId}" in the settings`;
  const { from, title } = streamOf(stream);
  if (from === 'snapshot') return `${title} belong to their instant, which has passed; pull a new one`;
  return undefined;
}

/** A session, or a file of one that was never read whole: reading the session brings it, fetching it does not. */
function isRead({ stream, entry }: LedgerRow): boolean {
  return streamOf(stream).content !== 'file' || entry.value.lastFailure?.code === SESSION_VANISHED;
}

function transferOfRow({ siteId, stream, entry }: LedgerRow): Transfer {
  return { siteId, stream, destinationId: entry.value.destinationId, begin: { kind: 'now' } };
}

function lsidsOf(rows: readonly LedgerRow[]): string[] {
  return [...new Set(rows.map(({ entry: { value } }) => (value.item.lsid ?? value.item.key).toLowerCase()))];
}

async function markAll(
  services: Services,
  rows: readonly LedgerRow[],
  named: boolean,
  run: string | undefined,
): Promise<number> {
  let marked = 0;
  await pool(rows, ROWS_AT_ONCE, async ({ siteId, stream, entry }) => {
    const { value, key, etag } = entry;
    const again = retryByHand(value, services.now(), run);
    // Until the session is stored nothing else would look after it: it stays where people see it.
    const next: OwedItem = named ? { ...value, handRetries: again.handRetries ?? 1 } : again;
    try {
      await services.state.update('ledger', ledgerPartition(siteId, stream), key, next, etag);
      marked++;
    } catch (error) {
      // Somebody is at it this very moment, or it has been stored.
      if (!(error instanceof StateConflict)) throw error;
    }
  });
  return marked;
}

function whoFetches(
  settings: Settings,
  { siteId, stream, destinationId }: Transfer,
  run: string | undefined,
): Omit<RetriedTransfer, 'items'> {
  const place = { site: siteId, stream, destination: destinationId };
  if (run !== undefined) return { ...place, by: 'run', run };
  const schedules = settings.schedules
    .filter(({ enabled }) => enabled && settings.scheduler === 'running')
    .filter(({ transfers }) =>
      transfers.some(
        (transfer) =>
          transfer.site === siteId &&
          transfer.destination === destinationId &&
          transfer.dataTypes.includes(stream),
      ),
    )
    .map(({ id }) => id);
  return schedules.length === 0 ? { ...place, by: 'nobody' } : { ...place, by: 'schedule', schedules };
}

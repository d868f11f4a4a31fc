import { listAll } from '../state/list-all.ts';
import { type Operation, type StateStore, stateKey } from '../state/state-store.ts';
import type { StreamId } from '../streams/stream.ts';

/**
 * What one destination has of one data type of one site and day, as reconciliation found it. A UTC day of the
 * appliance's clock; sessions belong to the day they ended in. Written by reconciliation and by nothing else.
 *
 * Where `onAppliance` is known it is the sum of all other counters.
 */
export interface Coverage {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly siteId: string;
  readonly stream: StreamId;
  readonly destinationId: string;
  /**
   * `listing`: compared one by one with what the appliance lists. `window`: nothing lists it; the reports that announce
   * it were read, and the ledger says what is still owed. `runs`: a snapshot for each run that was due.
   */
  readonly by: 'listing' | 'window' | 'runs';
  /** What the appliance lists, or snapshots that were due. Absent where nothing lists it. */
  readonly onAppliance?: number;
  /** Absent where it is not counted by day. */
  readonly stored?: number;
  /** In the ledger, or before the transfer's watermark: it will be fetched by itself. */
  readonly owed: number;
  /** Given up until a person tries again. */
  readonly setAside: number;
  /** The appliance forgot it before it was stored. */
  readonly agedOut: number;
  /** Not stored, and rightly so: the name was taken (Skip), overwritten, removed by Retention Count. */
  readonly settled: number;
  /** Listed as having a recording that the account is not shown. */
  readonly hidden: number;
  /** Neither stored nor in the ledger: a gap. */
  readonly missing: number;
  /** The transfer's watermark has passed the day. */
  readonly covered: boolean;
  /** ISO 8601, our clock. */
  readonly checkedAt: string;
}

export type Counters = Pick<Coverage, 'owed' | 'setAside' | 'agedOut' | 'settled' | 'hidden' | 'missing'>;

export const noCounters: Counters = { owed: 0, setAside: 0, agedOut: 0, settled: 0, hidden: 0, missing: 0 };

export function coveragePartition(siteId: string): string {
  return stateKey('site', siteId);
}

export function coverageKey({
  day,
  stream,
  destinationId,
}: Pick<Coverage, 'day' | 'stream' | 'destinationId'>): string {
  return stateKey(day, stream, destinationId);
}

export interface CoveragePage {
  readonly rows: readonly Coverage[];
  /** Where to go on; absent at the end. */
  readonly next?: string;
}

/** Rows of a site from one day to another, both included, in the order of days: one request a thousand rows. */
export async function listCoverage(
  state: StateStore,
  siteId: string,
  days: { readonly from: string; readonly to: string },
  page: { readonly after?: string; readonly limit?: number } = {},
): Promise<CoveragePage> {
  const range = {
    from: page.after ?? days.from,
    before: `${days.to}~`,
    ...(page.limit === undefined ? {} : { limit: page.limit }),
  };
  const { entries, next } = await state.list<Coverage>('coverage', coveragePartition(siteId), range);
  return { rows: entries.map(({ value }) => value), ...(next === undefined ? {} : { next }) };
}

export async function allCoverage(
  state: StateStore,
  siteId: string,
  days: { readonly from: string; readonly to: string },
): Promise<Coverage[]> {
  const rows: Coverage[] = [];
  const range = { from: days.from, before: `${days.to}~` };
  for await (const { value } of listAll<Coverage>(state, 'coverage', coveragePartition(siteId), range))
    rows.push(value);
  return rows;
}

const ROWS_A_BATCH = 100;

export async function saveCoverage(
  state: StateStore,
  siteId: string,
  rows: readonly Coverage[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_A_BATCH) {
    const operations = rows
      .slice(from, from + ROWS_A_BATCH)
      .map((value): Operation => ({ op: 'put', key: coverageKey(value), value }));
    await state.batch('coverage', coveragePartition(siteId), operations);
  }
}

/** Whether the next reconciliation has to look at it again. */
export function isUnsettled({ owed, missing, hidden, covered }: Coverage): boolean {
  return owed + missing + hidden > 0 || !covered;
}

/**
 * A later look at the same day. What was listed then and is not listed now, the appliance has forgotten: so much of it
 * as was stored stays counted as stored, the rest has aged out. The proof of a day does not fade with the appliance.
 */
export function withForgotten(before: Coverage | undefined, now: Coverage): Coverage {
  const { onAppliance: listed, stored } = now;
  if (before?.onAppliance === undefined || listed === undefined || stored === undefined) return now;
  const forgotten = before.onAppliance - listed;
  if (forgotten <= 0) return now;
  const wasStored = Math.min(forgotten, Math.max(0, (before.stored ?? 0) - stored));
  return {
    ...now,
    onAppliance: before.onAppliance,
    stored: stored + wasStored,
    agedOut: now.agedOut + forgotten - wasStored,
  };
}

/** A day that the appliance has forgotten: what was not stored by then is lost. */
export function agedOut(row: Coverage, at: string): Coverage {
  const { owed, setAside, missing, hidden } = row;
  const lost = owed + setAside + missing + hidden;
  if (lost === 0) return row;
  return {
    ...row,
    owed: 0,
    setAside: 0,
    missing: 0,
    hidden: 0,
    agedOut: row.agedOut + lost,
    checkedAt: at,
  };
}

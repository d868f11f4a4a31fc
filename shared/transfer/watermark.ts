import type { TransferKey } from '../runs/run.ts';
import type { Begin } from '../settings/schedule.ts';
import { type Entry, StateConflict, type StateStore } from '../state/state-store.ts';

/**
 * How far a transfer has everything, on the appliance's clock. It moves only after all before it is durable, and only
 * under the ETag that was read when the run was planned: of two readers the later one finds it moved and stops.
 */
export interface Watermark {
  /** Unix seconds, the appliance's clock: everything that ended or began before it is stored or in the ledger. */
  readonly to: number;
  /** Nothing before this is wanted. Unix seconds, the appliance's clock. */
  readonly begin: number;
  /** Our clock at the run that moved it, Unix seconds. */
  readonly at: number;
  /** Appliance's clock minus ours, seconds, at that run. */
  readonly offset: number;
  /** Who moved it: a repeat of the same step recognises its own work. */
  readonly by: string;
  /**
   * Of reports in buckets, after a clock was set back: those that begin before `until` were read once already. Unix
   * seconds, the appliance's clock. `tag` marks the second readings.
   */
  readonly again?: { readonly until: number; readonly tag: string };
}

const SECONDS_A_DAY = 86_400;

/** Where a transfer that never ran begins, on the appliance's clock. */
export function beginAt(begin: Begin, applianceNow: number): number {
  switch (begin.kind) {
    case 'now':
      return applianceNow;
    case 'everything':
      return 0;
    case 'days-back':
      return Math.max(0, Math.floor(applianceNow - begin.days * SECONDS_A_DAY));
    case 'date':
      return seconds(begin.at);
    case 'last-run':
      // The other client marked a run as done by its own clock, even when it could not reach the appliance.
      return Math.max(0, seconds(begin.at) - SECONDS_A_DAY);
  }
}

function seconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}

export function readWatermark(
  state: StateStore,
  siteId: string,
  transfer: TransferKey,
): Promise<Entry<Watermark> | undefined> {
  return state.get<Watermark>('watermarks', siteId, transfer);
}

/** The watermark, made on first use. Two that make it at once get the same one. */
export async function ensureWatermark(
  state: StateStore,
  siteId: string,
  transfer: TransferKey,
  first: Watermark,
): Promise<Entry<Watermark>> {
  for (;;) {
    const entry = await readWatermark(state, siteId, transfer);
    if (entry) return entry;
    try {
      await state.insert('watermarks', siteId, transfer, first);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Moves it. Resolves to the new ETag, or to undefined when another run has moved it since: this run has lost it. */
export async function moveWatermark(
  state: StateStore,
  siteId: string,
  transfer: TransferKey,
  next: Watermark,
  etag: string,
): Promise<string | undefined> {
  try {
    return await state.update('watermarks', siteId, transfer, next, etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    const current = await readWatermark(state, siteId, transfer);
    return current?.value.by === next.by ? current.etag : undefined;
  }
}

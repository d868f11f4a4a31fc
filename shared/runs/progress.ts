import type { StateStore } from '../state/state-store.ts';
import { stateKey } from '../state/state-store.ts';
import { addCounts, type Counts, noCounts, type TransferKey } from './run.ts';

/** What one piece of work did. Kept under the piece's name, so that a repeat replaces it and nothing counts twice. */
interface Part {
  readonly transfer: TransferKey;
  readonly counts: Partial<Counts>;
  readonly alarms?: readonly string[];
}

/** The first ones tell what is wrong; the ledger has them all. */
const MOST_ALARMS = 10;

export async function reportPart(
  state: StateStore,
  run: string,
  transfer: TransferKey,
  part: string,
  counts: Partial<Counts>,
  alarms: readonly string[] = [],
): Promise<void> {
  const value: Part = { transfer, counts, ...(alarms.length > 0 ? { alarms } : {}) };
  await state.put('runs', stateKey('part', run), stateKey(transfer, part), value);
}

export interface Progress {
  readonly counts: Counts;
  readonly alarms: readonly string[];
}

/** Sums per transfer. */
export async function runProgress(state: StateStore, run: string): Promise<Map<TransferKey, Progress>> {
  const sums = new Map<TransferKey, Progress>();
  let from: string | undefined;
  do {
    const page = await state.list<Part>('runs', stateKey('part', run), from === undefined ? {} : { from });
    for (const { value } of page.entries) {
      const sum = sums.get(value.transfer) ?? { counts: noCounts, alarms: [] };
      sums.set(value.transfer, {
        counts: addCounts(sum.counts, value.counts),
        alarms: [...new Set([...sum.alarms, ...(value.alarms ?? [])])].slice(0, MOST_ALARMS),
      });
    }
    from = page.next;
  } while (from !== undefined);
  return sums;
}

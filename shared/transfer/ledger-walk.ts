import { type StateStore, stateKey } from '../state/state-store.ts';
import type { StreamId } from '../streams/stream.ts';
import { ledgerPartition, type OwedEntry, type OwedItem } from './ledger.ts';

export interface LedgerFilter {
  readonly state?: OwedItem['state'];
  readonly destinationId?: string;
  /** Item key. */
  readonly item?: string;
}

/** One site's ledger of one data type. */
export interface LedgerPart {
  readonly siteId: string;
  readonly stream: StreamId;
}

export interface LedgerRow extends LedgerPart {
  readonly entry: OwedEntry;
}

/** Where a walk goes on: in that part, at that key. */
export interface LedgerPlace extends LedgerPart {
  readonly key?: string;
}

export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** The walk was not at its end; a page may be empty and still have one. */
  readonly next?: LedgerPlace;
}

/** Requests to the state in one page: a ledger in which nothing fits the filter must not hold up whoever asks. */
const MOST_READS = 100;
const READ = 200;

/** Rows that fit, in the order of `parts` and of keys, at most `limit`. */
export async function walkLedger(
  state: StateStore,
  parts: readonly LedgerPart[],
  filter: LedgerFilter,
  limit: number,
  from?: LedgerPlace,
): Promise<LedgerPage> {
  const rows: LedgerRow[] = [];
  // Rows of one item stand together.
  const begin = filter.item === undefined ? '' : `${stateKey(filter.item)}~`;
  const first = from ? parts.findIndex((part) => isSame(part, from)) : 0;
  let reads = 0;
  for (const part of first < 0 ? [] : parts.slice(first)) {
    let key = (from && isSame(part, from) ? from.key : undefined) ?? (begin === '' ? undefined : begin);
    do {
      if (rows.length >= limit || reads++ >= MOST_READS)
        return { rows, next: key === undefined ? part : { ...part, key } };
      const page = await state.list<OwedItem>('ledger', ledgerPartition(part.siteId, part.stream), {
        limit: READ,
        ...(key === undefined ? {} : { from: key }),
      });
      key = page.next;
      for (const entry of page.entries) {
        if (!entry.key.startsWith(begin)) {
          key = undefined;
          break;
        }
        if (!fits(entry.value, filter)) continue;
        if (rows.length >= limit) return { rows, next: { ...part, key: entry.key } };
        rows.push({ ...part, entry });
      }
    } while (key !== undefined);
  }
  return { rows };
}

function isSame(one: LedgerPart, other: LedgerPart): boolean {
  return one.siteId === other.siteId && one.stream === other.stream;
}

function fits({ state, destinationId, item }: OwedItem, filter: LedgerFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.destinationId === undefined || filter.destinationId === destinationId) &&
    (filter.item === undefined || filter.item === item.key)
  );
}

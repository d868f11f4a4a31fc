import type { FailureReport } from '../errors.ts';
import {
  type Entry,
  type Operation,
  StateConflict,
  type StateStore,
  stateKey,
} from '../state/state-store.ts';
import type { FileDescription, StreamId } from '../streams/stream.ts';

/** A file that is owed to a destination. The row goes away when it is stored there. */
export interface OwedItem {
  readonly item: FileDescription;
  readonly destinationId: string;
  readonly state: 'pending' | 'set-aside';
  /** Attempts that were made and failed, those cut off in three runs included. */
  readonly attempts: number;
  /** Milliseconds, our clock. */
  readonly owedSince: number;
  readonly nextAttempt: number;
  /** Since when the appliance refuses it. Milliseconds, our clock. */
  readonly refusedSince?: number;
  /** An attempt that was begun and has not reported back. */
  readonly underWay?: { readonly run: string; readonly times: number; readonly at?: number };
  /** Other runs whose attempt was cut off since the last that failed properly. */
  readonly cutOffIn?: readonly string[];
  readonly lastFailure?: FailureReport;
  /** A pull that wants it now; it drains these and no others. */
  readonly wantedBy?: string;
}

export type OwedEntry = Entry<OwedItem>;

export function ledgerPartition(siteId: string, stream: StreamId): string {
  return stateKey(siteId, stream);
}

/** Sorted so that the rows of one item stand together: one fetch serves every destination that is owed it. */
export function ledgerKey(item: FileDescription, destinationId: string): string {
  return `${stateKey(item.key)}~${stateKey(destinationId)}`;
}

/** `item` part of a ledger key. */
export function itemPart(key: string): string {
  return key.slice(0, key.lastIndexOf('~'));
}

/** Adds what is not there yet. A row that is there stays as it is, but for `wantedBy`. Resolves to how many were new. */
export async function owe(
  state: StateStore,
  siteId: string,
  stream: StreamId,
  items: readonly { readonly item: FileDescription; readonly destinationId: string }[],
  now: number,
  wantedBy?: string,
): Promise<number> {
  const partition = ledgerPartition(siteId, stream);
  // By key: a report may name a session twice, a batch may not.
  const values = new Map(
    items.map(({ item, destinationId }) => [
      ledgerKey(item, destinationId),
      newRow(item, destinationId, now, wantedBy),
    ]),
  );
  const all = [...values].map(([key, value]) => ({ key, value }));
  let added = 0;
  for (let from = 0; from < all.length; from += 100) {
    const rows = all.slice(from, from + 100);
    try {
      await state.batch(
        'ledger',
        partition,
        rows.map(({ key, value }): Operation => ({ op: 'insert', key, value })),
      );
      added += rows.length;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      for (const { key, value } of rows) if (await oweOne(state, partition, key, value)) added++;
    }
  }
  return added;
}

async function oweOne(state: StateStore, partition: string, key: string, value: OwedItem): Promise<boolean> {
  try {
    await state.insert('ledger', partition, key, value);
    return true;
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
  if (value.wantedBy === undefined) return false;
  const entry = await state.get<OwedItem>('ledger', partition, key);
  if (!entry || entry.value.wantedBy === value.wantedBy) return false;
  try {
    // A pull asks for it by name: whatever was tried before, try again.
    const { lastFailure: _past, ...rest } = entry.value;
    const wanted: OwedItem = {
      ...rest,
      state: 'pending',
      nextAttempt: value.nextAttempt,
      wantedBy: value.wantedBy,
    };
    await state.update('ledger', partition, key, wanted, entry.etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    return oweOne(state, partition, key, value);
  }
  return false;
}

function newRow(
  item: FileDescription,
  destinationId: string,
  now: number,
  wantedBy: string | undefined,
): OwedItem {
  return {
    item,
    destinationId,
    state: 'pending',
    attempts: 0,
    owedSince: now,
    nextAttempt: now,
    ...(wantedBy === undefined ? {} : { wantedBy }),
  };
}

/** Keeps what could not be stored at all, with its reason, where people see it. */
export async function setAside(
  state: StateStore,
  siteId: string,
  stream: StreamId,
  item: FileDescription,
  destinationId: string,
  failure: FailureReport,
  now: number,
): Promise<void> {
  const row: OwedItem = {
    ...newRow(item, destinationId, now, undefined),
    state: 'set-aside',
    attempts: 1,
    lastFailure: failure,
  };
  await state.put('ledger', ledgerPartition(siteId, stream), ledgerKey(item, destinationId), row);
}

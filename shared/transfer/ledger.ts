import type { FailureReport } from '../errors.ts';
import { listAll } from '../state/list-all.ts';
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
  /** The piece of work that set it aside: delivered again, it tells of it again. Run and name of the part. */
  readonly givenUpBy?: string;
  /** How often a person asked for it to be tried again. */
  readonly handRetries?: number;
  /** A pull that wants it now; it drains these and no others. */
  readonly wantedBy?: string;
}

/** Failure code of a session that the appliance no longer knows. */
export const SESSION_VANISHED = 'session-vanished';

export type OwedEntry = Entry<OwedItem>;

export function ledgerPartition(siteId: string, stream: StreamId): string {
  return stateKey(siteId, stream);
}

/** Sorted so that the rows of one item stand together: one fetch serves every destination that is owed it. */
export function ledgerKey(item: Pick<FileDescription, 'key'>, destinationId: string): string {
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
  const entry = await state.get<OwedItem>('ledger', partition, key);
  const wanted = entry && wantedAgain(entry.value, value);
  if (!entry || !wanted) return false;
  try {
    await state.update('ledger', partition, key, wanted, entry.etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    return oweOne(state, partition, key, value);
  }
  return false;
}

/** The row that is to take the place of one that is there; undefined when that stays. */
function wantedAgain(there: OwedItem, asked: OwedItem): OwedItem | undefined {
  // The session had not been read when it was missed: now it has come after all, with what names the file.
  const came = there.state === 'set-aside' && there.lastFailure?.code === SESSION_VANISHED;
  if (!came && (asked.wantedBy === undefined || there.wantedBy === asked.wantedBy)) return undefined;
  // A pull asks for it by name: whatever was tried before, try again.
  const { lastFailure: _past, ...rest } = there;
  return {
    ...rest,
    ...(came ? { item: asked.item } : {}),
    state: 'pending',
    nextAttempt: asked.nextAttempt,
    ...(asked.wantedBy === undefined ? {} : { wantedBy: asked.wantedBy }),
  };
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

/** Name of a piece of work, unique for ever. */
export function pieceOf(run: string, part: string): string {
  return `${run}|${part}`;
}

/** Keeps what could not be stored at all, with its reason, where people see it. What is known of it stays known. */
export async function setAside(
  state: StateStore,
  siteId: string,
  stream: StreamId,
  item: FileDescription,
  destinationId: string,
  failure: FailureReport,
  now: number,
  by?: string,
): Promise<void> {
  const partition = ledgerPartition(siteId, stream);
  const key = ledgerKey(item, destinationId);
  for (;;) {
    const before: OwedEntry | undefined = await state.get<OwedItem>('ledger', partition, key);
    const fresh = newRow(item, destinationId, now, undefined);
    const row: OwedItem = {
      ...fresh,
      ...(before && { owedSince: before.value.owedSince }),
      ...(before?.value.handRetries !== undefined && { handRetries: before.value.handRetries }),
      state: 'set-aside',
      attempts: (before?.value.attempts ?? 0) + 1,
      lastFailure: failure,
      ...(by === undefined ? {} : { givenUpBy: by }),
    };
    try {
      if (before) await state.update('ledger', partition, key, row, before.etag);
      else await state.insert('ledger', partition, key, row);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Keys of the rows that a destination has in the ledger of a data type. Few, where all is well. */
export async function rowsOf(
  state: StateStore,
  siteId: string,
  stream: StreamId,
  destinationId: string,
): Promise<Set<string>> {
  const keys = new Set<string>();
  const ending = `~${stateKey(destinationId)}`;
  for await (const { key } of listAll(state, 'ledger', ledgerPartition(siteId, stream)))
    if (key.endsWith(ending)) keys.add(key);
  return keys;
}

/** The session was read after all, and what it announces stands in the ledger by itself. */
export async function forgetVanished(
  state: StateStore,
  siteId: string,
  stream: StreamId,
  lsid: string,
  destinationId: string,
): Promise<void> {
  const partition = ledgerPartition(siteId, stream);
  const key = ledgerKey({ key: lsid }, destinationId);
  const entry = await state.get<OwedItem>('ledger', partition, key);
  if (entry?.value.state !== 'set-aside' || entry.value.lastFailure?.code !== SESSION_VANISHED) return;
  try {
    await state.remove('ledger', partition, key, entry.etag);
  } catch (error) {
    // Somebody wants it again this very moment: what they ask for settles it.
    if (!(error instanceof StateConflict)) throw error;
  }
}

import { isDeepStrictEqual } from 'node:util';
import { StateConflict, type StateStore } from '../state/state-store.ts';
import { insertRows, mostOperations, removeRows, writeRow } from './index-writes.ts';
import { knownMarks } from './known-marks.ts';
import { sessionKey, sitePartition, sitesPartition } from './session-keys.ts';
import {
  type IndexEntry,
  type IndexedReading,
  type IndexedSite,
  indexEntry,
  type SessionRecord,
  type SessionRow,
} from './session-record.ts';

/** By process: what it has written is there, and the transfers of a slice bring the same readings one after another. */
const written = new WeakMap<StateStore, Map<string, Promise<void>>>();
const REMEMBERED = 5_000;

/**
 * Makes sessions that were read findable: durable when it resolves, and the same however often it is done. What is
 * unchanged is not written. An older reading never takes the place of a newer one, nor an open one that of a closed one.
 */
export async function indexSessions(
  state: StateStore,
  site: IndexedSite,
  readings: readonly IndexedReading[],
): Promise<void> {
  const known = rememberedOf(state);
  const waiting: Promise<void>[] = [];
  const fresh = new Map<string, IndexEntry>();
  const names = new Map<string, string>();
  for (const reading of readings) {
    const { lsid } = reading.session;
    const name = `${site.siteId}|${lsid}|${reading.hash}|${reading.readAt}|${site.host}`;
    const before = known.get(name);
    if (before) waiting.push(before);
    else {
      const entry = indexEntry(site, reading);
      const other = fresh.get(entry.key);
      // A report may name a session twice.
      if (!other || !isOlder(entry.row, other.row)) fresh.set(entry.key, entry);
      names.set(name, entry.key);
    }
  }
  if (fresh.size > 0) {
    const work = writeEntries(state, site, [...fresh.values()]);
    for (const name of names.keys()) remember(known, name, work);
    waiting.push(work);
    work.catch(() => {
      for (const name of names.keys()) known.delete(name);
    });
  }
  await Promise.all(waiting);
}

/** Takes a session out of the index, with every row that names it. Its files are another matter. */
export async function forgetSession(state: StateStore, siteId: string, lsid: string): Promise<void> {
  const partition = sitePartition(siteId);
  rememberedOf(state).clear();
  for (;;) {
    const entry = await state.get<SessionRow>('sessions', partition, sessionKey(lsid));
    if (!entry) return;
    try {
      return await removeRows(state, partition, entry);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Ids of the sites that have sessions in the index, those that the settings no longer have included. */
export async function indexedSites(state: StateStore): Promise<readonly string[]> {
  const { entries } = await state.list<{ readonly siteId: string }>('sessions', sitesPartition);
  return entries.map(({ value }) => value.siteId);
}

async function writeEntries(
  state: StateStore,
  site: IndexedSite,
  entries: readonly IndexEntry[],
): Promise<void> {
  await noteSite(state, site.siteId);
  const partition = sitePartition(site.siteId);
  const known = await knownMarks(state, partition, entries);
  const absent: IndexEntry[] = [];
  for (const entry of entries) {
    const mark = known.get(entry.key);
    if (mark === undefined && entry.row.keys.length < mostOperations) absent.push(entry);
    else if (mark !== entry.mark) await changeOne(state, partition, entry);
  }
  for (const batch of packed(absent)) {
    try {
      await insertRows(state, partition, batch);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // One of them is there, under another start or by somebody else a moment ago.
      for (const entry of batch) await changeOne(state, partition, entry);
    }
  }
}

/** New sessions in as few batches as they fit in. */
function packed(entries: readonly IndexEntry[]): IndexEntry[][] {
  const batches: IndexEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const takes = entry.row.keys.length + 1;
    if (takes > room || batches.length === 0) {
      batches.push([]);
      room = mostOperations;
    }
    batches.at(-1)?.push(entry);
    room -= takes;
  }
  return batches;
}

async function changeOne(state: StateStore, partition: string, entry: IndexEntry): Promise<void> {
  for (;;) {
    const before = await state.get<SessionRow>('sessions', partition, entry.key);
    if (before && isOlder(entry.row, before.value)) return;
    const record = before ? withHosts(entry.row.record, before.value.record) : entry.row.record;
    const row = { ...entry.row, record };
    // Somebody else has just written the same.
    if (before && isDeepStrictEqual({ ...before.value, readAt: row.readAt }, row)) return;
    try {
      await writeRow(state, partition, { ...entry, row }, before);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Files that were stored under an earlier recorded host name stay where they are. */
function withHosts(record: SessionRecord, before: SessionRecord): SessionRecord {
  return { ...record, hosts: [...new Set([...before.hosts, ...record.hosts])] };
}

function isOlder(row: SessionRow, than: SessionRow): boolean {
  const closed = Number(row.record.endTime !== null) - Number(than.record.endTime !== null);
  return (closed || row.readAt - than.readAt) < 0;
}

const noted = new WeakMap<StateStore, Set<string>>();

async function noteSite(state: StateStore, siteId: string): Promise<void> {
  const sites = noted.get(state) ?? new Set();
  noted.set(state, sites);
  if (sites.has(siteId)) return;
  const partition = sitePartition(siteId);
  if (!(await state.get('sessions', sitesPartition, partition)))
    await state.put('sessions', sitesPartition, partition, { siteId });
  sites.add(siteId);
}

function rememberedOf(state: StateStore): Map<string, Promise<void>> {
  const known = written.get(state) ?? new Map<string, Promise<void>>();
  written.set(state, known);
  return known;
}

function remember(known: Map<string, Promise<void>>, name: string, work: Promise<void>): void {
  known.set(name, work);
  if (known.size <= REMEMBERED) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}

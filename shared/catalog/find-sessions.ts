import type { StateStore } from '../state/state-store.ts';
import { indexedSites } from './index-sessions.ts';
import {
  type Criterion,
  type KeyRange,
  prefixRange,
  rowOfIndexKey,
  sessionKey,
  sitePartition,
  startInKey,
  timeRange,
  valueRange,
} from './session-keys.ts';
import type { SessionRecord, SessionRow } from './session-record.ts';

/** At most one of a value, a beginning and neither; with neither all sessions, by time. */
export interface SessionQuery {
  readonly by?: { readonly criterion: Criterion; readonly value: string; readonly prefix: boolean };
  /** Sessions that began in [from, to). Unix seconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Of this site only. */
  readonly siteId?: string | undefined;
  readonly limit: number;
  readonly after?: SessionPlace | undefined;
}

/** Where a page ended. */
export interface SessionPlace {
  readonly key: string;
  readonly siteId: string;
}

export interface SessionPage {
  readonly sessions: readonly SessionRecord[];
  readonly next?: SessionPlace;
}

interface Hit extends SessionPlace {
  readonly row?: SessionRow | undefined;
}

/** Rounds through the index for one page: a filter that fits little must not hold up whoever asks. */
const MOST_ROUNDS = 8;
const AT_ONCE = 16;

/** What the index knows of one session. */
export async function findSession(
  state: StateStore,
  siteId: string,
  lsid: string,
): Promise<SessionRecord | undefined> {
  const entry = await state.get<SessionRow>('sessions', sitePartition(siteId), sessionKey(lsid));
  return entry?.value.record;
}

/** The session of this lsid at each site that knows one. */
export async function findByLsid(
  state: StateStore,
  lsid: string,
  siteId?: string | undefined,
): Promise<readonly SessionRecord[]> {
  const sites = siteId === undefined ? await indexedSites(state) : [siteId];
  const found = await inTurns(sites, (site) => findSession(state, site, lsid));
  return found.filter((record) => record !== undefined);
}

/**
 * A page of sessions over all sites: newest first within a value. Of a beginning the values come in their order. A page
 * may have few sessions, or none, and a `next`.
 *
 * @returns undefined when the beginning is too long to be looked for
 */
export async function findSessions(state: StateStore, query: SessionQuery): Promise<SessionPage | undefined> {
  const range = rangeOf(query);
  if (!range) return undefined;
  const sites = query.siteId === undefined ? (await indexedSites(state)).toSorted() : [query.siteId];
  const sessions: SessionRecord[] = [];
  let place = query.after;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { hits, more } = await hitsAfter(state, sites, range, place, query.limit - sessions.length);
    const rows = await inTurns(
      hits.filter(({ key }) => isWithin(key, query)),
      async (hit) => ({ ...hit, row: await rowOf(state, hit) }),
    );
    for (const { key, row } of rows) if (row && isFirstOf(key, row, query, range)) sessions.push(row.record);
    if (!more) return { sessions };
    const last = hits.at(-1);
    if (last) place = { key: last.key, siteId: last.siteId };
    if (sessions.length >= query.limit) break;
  }
  return { sessions, ...(place === undefined ? {} : { next: place }) };
}

function rangeOf({ by, from, to }: SessionQuery): KeyRange | undefined {
  if (!by) return timeRange({ from, to });
  return by.prefix ? prefixRange(by.criterion, by.value) : valueRange(by.criterion, by.value, { from, to });
}

/** The next so many rows of all sites together, in the order of their keys. */
async function hitsAfter(
  state: StateStore,
  sites: readonly string[],
  range: KeyRange,
  after: SessionPlace | undefined,
  limit: number,
): Promise<{ readonly hits: readonly Hit[]; readonly more: boolean }> {
  let more = false;
  const found = await inTurns(sites, async (siteId) => {
    // Nothing lies between a key and the key with `!` appended.
    const reached = !after ? '' : siteId <= after.siteId ? `${after.key}!` : after.key;
    const asked = { from: isBefore(reached, range.from) ? range.from : reached, before: range.before, limit };
    const page = await state.list('sessions', sitePartition(siteId), asked);
    if (page.next !== undefined) more = true;
    return page.entries.map(({ key }): Hit => ({ key, siteId }));
  });
  const all = found.flat().toSorted(inOrder);
  return { hits: all.slice(0, limit), more: more || all.length > limit };
}

function isBefore(key: string, other: string): boolean {
  return key < other;
}

function inOrder(a: SessionPlace, b: SessionPlace): number {
  if (a.key !== b.key) return isBefore(a.key, b.key) ? -1 : 1;
  return a.siteId < b.siteId ? -1 : 1;
}

/** The ranges of values have the time in them; those of beginnings do not. */
function isWithin(key: string, { from, to }: SessionQuery): boolean {
  const start = startInKey(key);
  return (from === undefined || start >= from) && (to === undefined || start < to);
}

async function rowOf(state: StateStore, { key, siteId }: Hit): Promise<SessionRow | undefined> {
  const partition = sitePartition(siteId);
  return (await state.get<SessionRow>('sessions', partition, rowOfIndexKey(key)))?.value;
}

/** Of a session that several of its names lead to, the first row counts, so that no page has it twice. */
function isFirstOf(
  key: string,
  { keys }: SessionRow,
  query: SessionQuery,
  { from, before }: KeyRange,
): boolean {
  const fitting = keys.filter((one) => one >= from && one < before && isWithin(one, query));
  return fitting.includes(key) && fitting.every((one) => one >= key);
}

async function inTurns<T, R>(items: readonly T[], does: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(does))));
  return done;
}

import { createHash } from 'node:crypto';
import type { Session } from '../sessions/session.ts';
import { streams } from '../streams/index.ts';
import type { SessionReportKind, StreamId } from '../streams/stream.ts';
import { criteriaKeys, fold, sessionKey, timeKey } from './session-keys.ts';

/** What is known of a session: metadata, for finding it and what is stored of it. Content is at the destinations. */
export interface SessionRecord {
  /** As sent. */
  readonly lsid: string;
  readonly siteId: string;
  /** Recorded host names that it was taken under; its files lie under these. Usually one. */
  readonly hosts: readonly string[];
  readonly kind: SessionReportKind;
  readonly externalKey: string | null;
  /** Unix seconds, appliance's clock. */
  readonly startTime: number | null;
  /** Null while it runs, and for ever after an abnormal close. */
  readonly endTime: number | null;
  /** Representatives (Privileged Remote Access: users), by each of their names. */
  readonly users: readonly string[];
  /** Host names, and the names of customers. */
  readonly endpoints: readonly string[];
  /** Data types that it announces. */
  readonly dataTypes: readonly StreamId[];
  /** It has more names than are kept of one session. */
  readonly moreNames?: true;
}

/** The record as it lies in the state, under {@link SessionRow.key}. */
export interface SessionRow {
  readonly record: SessionRecord;
  /** Appliance time of the reading that gave it, seconds with fraction. */
  readonly readAt: number;
  /** Keys of its index rows: kept, so that those of an earlier form are found when it changes or goes. */
  readonly keys: readonly string[];
}

/** A session with everything that its rows will say. */
export interface IndexEntry {
  /** Of its own row. */
  readonly key: string;
  readonly timeKey: string;
  readonly row: SessionRow;
  /** Another whenever the record is. */
  readonly mark: string;
}

/** Value of a `time|` row: a session whose mark is there needs no look at its own row. */
export interface TimeRow {
  readonly mark: string;
}

/** A reading as the index takes it. */
export interface IndexedReading {
  readonly session: Session;
  /** Of the reading's canonical form. */
  readonly hash: string;
  /** Appliance time, seconds with fraction. */
  readonly readAt: number;
}

/** Of each kind of name so many are kept, each so long: a row has its limit, and what an appliance sends has none. */
const MOST_NAMES = 250;
const MOST_CHARACTERS = 200;

export interface IndexedSite {
  readonly siteId: string;
  /** The recorded host name. */
  readonly host: string;
  readonly kind: SessionReportKind;
}

export function indexEntry(site: IndexedSite, { session, readAt }: IndexedReading): IndexEntry {
  const { record, keys } = recordOf(site, session);
  const mark = createHash('sha256')
    .update(JSON.stringify([record, keys]))
    .digest('hex')
    .slice(0, 32);
  return { key: sessionKey(session.lsid), timeKey: timeKey(session), row: { record, readAt, keys }, mark };
}

function recordOf(
  { siteId, host, kind }: IndexedSite,
  session: Session,
): { readonly record: SessionRecord; readonly keys: readonly string[] } {
  const { lsid, externalKey, startTime, endTime } = session;
  const users = names([
    session.primaryRepresentative?.name,
    ...session.representatives.flatMap((one) => [
      one.displayName,
      one.userName,
      one.publicDisplayName,
      one.privateDisplayName,
    ]),
  ]);
  const endpoints = names([
    session.primaryCustomer?.name,
    ...session.customers.flatMap(({ hostName, name, userName }) => [hostName, name, userName]),
  ]);
  const [external] = names([externalKey]).kept;
  const record: SessionRecord = {
    lsid,
    siteId,
    hosts: [host],
    kind,
    externalKey: external === undefined ? null : cut(external),
    startTime,
    endTime,
    users: users.kept.map(cut),
    endpoints: endpoints.kept.map(cut),
    dataTypes: dataTypesOf(session, kind),
    ...(users.more || endpoints.more ? { moreNames: true as const } : {}),
  };
  const keys = [
    timeKey(session),
    ...criteriaKeys('externalKey', external === undefined ? [] : [external], session),
    ...criteriaKeys('user', users.kept, session),
    ...criteriaKeys('endpoint', endpoints.kept, session),
  ];
  return { record, keys: keys.toSorted() };
}

function names(all: readonly (string | null | undefined)[]): {
  readonly kept: readonly string[];
  readonly more: boolean;
} {
  const byKey = new Map<string, string>();
  for (const name of all) {
    const key = fold(name ?? '');
    if (name && key !== '' && !byKey.has(key)) byKey.set(key, name.trim());
  }
  const distinct = [...byKey.values()];
  return { kept: distinct.slice(0, MOST_NAMES), more: distinct.length > MOST_NAMES };
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1).toWellFormed()}…`;
}

function dataTypesOf(session: Session, kind: SessionReportKind): StreamId[] {
  return streams.flatMap((stream) => {
    if (stream.from !== 'session-report' || stream.report !== kind) return [];
    const has = stream.content !== 'file' || stream.items(session, {}).length > 0;
    return has ? [stream.id] : [];
  });
}

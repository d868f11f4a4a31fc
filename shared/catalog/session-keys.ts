import { createHash } from 'node:crypto';
import { stateKey } from '../state/state-store.ts';

/**
 * Keys of collection `sessions`, partition `site|ID`: a row for each session (`lsid|LSID`) and one for each way to find
 * it, newest first within a value:
 *
 * - `time|START|LSID`
 * - `externalKey|VALUE|START|LSID`, the same with `user` and `endpoint`
 *
 * VALUE is folded: capitals, width and spaces are not told apart. START counts backwards.
 */
export const criteria = ['externalKey', 'user', 'endpoint'] as const;
export type Criterion = (typeof criteria)[number];

/** Partition of one site's rows, and the one that lists the sites that have some. */
export const sitePartition = (siteId: string): string => stateKey('site', siteId);
export const sitesPartition = 'sites';

/** Longest value that a key holds whole; a prefix that is asked for may have so many characters of a key. */
const mostCharacters = 180;

export function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').trim().replaceAll(/\s+/gu, ' ');
}

/** A value as it stands in keys. What is cut is longer than what is not, so the two cannot meet. */
function term(text: string): string {
  const key = stateKey(text);
  if (key.length <= mostCharacters) return key;
  return `${key.slice(0, mostCharacters)}~${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

export const sessionKey = (lsid: string): string => `lsid|${term(lsid.toLowerCase())}`;

interface About {
  readonly lsid: string;
  readonly startTime: number | null;
}

const last = 9_999_999_999;

/** Later is smaller. A session without a start comes last. */
function backwards(seconds: number | null): string {
  const at = Math.min(Math.max(Math.floor(seconds ?? 0), 0), last);
  return String(last - at).padStart(10, '0');
}

const ending = ({ lsid, startTime }: About): string => `${backwards(startTime)}|${term(lsid.toLowerCase())}`;

export const timeKey = (about: About): string => `time|${ending(about)}`;

/** Each once, though names may differ in capitals only. */
export function criteriaKeys(criterion: Criterion, values: readonly string[], about: About): string[] {
  const terms = new Set(
    values
      .map(fold)
      .filter((value) => value !== '')
      .map(term),
  );
  return [...terms].map((value) => `${criterion}|${value}|${ending(about)}`);
}

/** Key of the session's own row, of an index row's key. */
export function rowOfIndexKey(key: string): string {
  return `lsid|${key.slice(key.lastIndexOf('|') + 1)}`;
}

/** START of an index row's key, Unix seconds. */
export function startInKey(key: string): number {
  return last - Number(key.split('|').at(-2));
}

/** Sessions that began in [from, to), Unix seconds; either may be left out. */
export interface StartRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface KeyRange {
  readonly from: string;
  readonly before: string;
}

export function timeRange(range: StartRange): KeyRange {
  return within('time|', range);
}

export function valueRange(criterion: Criterion, value: string, range: StartRange): KeyRange {
  return within(`${criterion}|${term(fold(value))}|`, range);
}

function within(prefix: string, { from, to }: StartRange): KeyRange {
  // `|` ends what is in front, digits follow, and `~` comes after both.
  const first = to === undefined ? '' : backwards(Math.ceil(to) - 1);
  return {
    from: prefix + (to !== undefined && to <= 0 ? '~' : first),
    before: `${prefix}${from === undefined ? '' : backwards(Math.ceil(from))}~`,
  };
}

/** Everything whose folded value begins so; `undefined`: too long to be looked for by its beginning. */
export function prefixRange(criterion: Criterion, prefix: string): KeyRange | undefined {
  // A space at its end counts here: it tells where a word ends.
  const key = stateKey(fold(`${prefix}.`).slice(0, -1));
  if (key.length > mostCharacters) return undefined;
  const from = `${criterion}|${key}`;
  // `~` is the highest character of a key, and no key has more than 512.
  return { from, before: from.padEnd(513, '~') };
}

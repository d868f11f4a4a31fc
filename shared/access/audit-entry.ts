import { createHash } from 'node:crypto';
import type { Principal } from './roles.ts';

/**
 * One line of the audit log: what was asked for (`asked`, written before the work), what came of it (the same number
 * in `of`), or what was not allowed (`refused`).
 */
export interface AuditEntry {
  /** From 1, without gaps. */
  readonly number: number;
  /** SHA-256 of the entry before, hexadecimal; of the first: zeros. */
  readonly previous: string;
  /** Made anew for each entry. */
  readonly id: string;
  /** ISO 8601, the clock of whoever wrote it. */
  readonly time: string;
  readonly principal: Principal;
  /** What was asked: the operation's id, or a name for what does not come through the API. */
  readonly operation: string;
  readonly kind: 'change' | 'download';
  readonly outcome: AuditOutcome;
  /** What it was asked of: parameters of the path and the query. */
  readonly target?: Readonly<Record<string, string>>;
  /** The entry of the question that this is the outcome of. */
  readonly of?: number;
  /** HTTP status. */
  readonly status?: number;
  /** Of a failure. */
  readonly code?: string;
  /** Of a download: destination, name and SHA-256 of the file, and which bytes of it. */
  readonly file?: string;
  /** Where what was made is, like `/api/pulls/ID`. */
  readonly made?: string;
  /** Places of the settings that were changed, without their values. */
  readonly changes?: readonly string[];
  /** Changes beyond those that are listed. */
  readonly more?: number;
}

export const auditOutcomes = ['asked', 'done', 'refused', 'failed'] as const;
/** `failed`: with an answer that is an error; the log of the time says why. */
export type AuditOutcome = (typeof auditOutcomes)[number];

/** The newest entry, in a row of its own: a tail that is cut off is missed. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

export const GENESIS = '0'.repeat(64);

/** All in one partition, so that an entry and the head are written at once or not at all. */
export const AUDIT = ['audit', 'chain'] as const;
export const HEAD = 'head';

const LAST = 9_999_999_999;

/** Newest first in key order. */
export function entryKey(number: number): string {
  return `entry|${String(LAST - number).padStart(10, '0')}`;
}

/** Behind every entry. */
export const ENTRIES_END = 'entry~';

export function numberOfKey(key: string): number {
  return LAST - Number(key.slice(6, 16));
}

export function hashEntry(entry: unknown): string {
  return createHash('sha256').update(canonicalJson(entry)).digest('hex');
}

/** JSON with the names of objects in order and nothing between: one text for one value, whatever kept it. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => `${JSON.stringify(name)}:${canonicalJson(part)}`);
  return `{${parts.join(',')}}`;
}

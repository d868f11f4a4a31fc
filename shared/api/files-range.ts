import type { ByteRange } from '../destinations/destination.ts';

/** Platforms put whole answers into memory on their way out: no answer has more. */
export const mostBytes = 16 * 1024 * 1024;

/** `whole`: no range was asked for, or one that is to be ignored. */
export type AskedRange = ByteRange | 'whole' | 'unsatisfiable';

/**
 * The `Range` header of a request for a file of this size (RFC 9110, 14.2): one range of bytes, at most 16 MiB of it.
 * Of several ranges, another unit and what is malformed the standard lets a server ignore the header.
 */
export function askedRange(header: string | null | undefined, size: number): AskedRange {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '');
  if (!match) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '') return suffix(Number(last), size);
  const from = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last) + 1;
  if (end <= from) return 'whole';
  return from >= size ? 'unsatisfiable' : cut(from, Math.min(end, size));
}

function suffix(length: number, size: number): AskedRange {
  if (length === 0) return 'unsatisfiable';
  // Of nothing the last bytes are nothing, and no answer in parts can say so.
  return size === 0 ? 'whole' : cut(Math.max(0, size - length), size);
}

function cut(from: number, to: number): ByteRange {
  return { from, to: Math.min(to, from + mostBytes) };
}

/**
 * Whether a range may be answered, by `If-Range` (RFC 9110, 13.1.5): the ETag of what is there, compared strongly. A
 * date is never taken: it does not tell two versions of one second apart.
 */
export function mayGiveRange(ifRange: string | null | undefined, etag: string): boolean {
  return ifRange === null || ifRange === undefined || ifRange.trim() === etag;
}

import type { LogLine, LogPage, LogQuery } from '../log.ts';
import { listAll } from '../state/list-all.ts';
import type { StateStore } from '../state/state-store.ts';
import { dayOf, matches } from './log-line.ts';

/** Lines that were logged within a few seconds by one process: one row, one storage call. */
export interface Batch {
  readonly lines: readonly LogLine[];
}

/** The partition that knows the days. */
export const DAYS = 'days';
/** Storage calls of one reading; what is beyond is the next page's. */
const MOST_CALLS = 30;
const ROWS_A_CALL = 50;
export const END_OF_TIME = 9_999_999_999_999;
/** Lines of one row lie no further apart, so that a reading knows where to end. Milliseconds. */
export const LONGEST_BATCH = 10 * 60_000;

/** Rows of a day begin with this: newest first. */
export function keyAt(ms: number): string {
  return String(END_OF_TIME - ms).padStart(13, '0');
}

/** A bounded piece of what is asked for, newest first. Throws RangeError where `next` is of no page. */
export async function readStateLog(state: StateStore, query: LogQuery): Promise<LogPage> {
  const { from = 0, to = Number.POSITIVE_INFINITY, limit } = query;
  let place = placeOf(query.next);
  const days = (await daysOf(state)).filter(
    (day) => dayOf(from) <= day && (to === Number.POSITIVE_INFINITY || day <= dayOf(to)),
  );
  const lines: LogLine[] = [];
  let calls = 1;
  for (const day of days.reverse()) {
    if (place && day > place.day) continue;
    // Rows are ordered by their first line's time.
    let at = place?.day === day ? place.key : to < END_OF_TIME ? keyAt(to) : undefined;
    do {
      if (calls++ >= MOST_CALLS) return { lines, next: nextOf({ day, key: at, line: 0 }) };
      const page = await state.list<Batch>('logs', day, {
        limit: ROWS_A_CALL,
        ...(at === undefined ? {} : { from: at }),
      });
      for (const { key, value } of page.entries) {
        if (END_OF_TIME - Number.parseInt(key, 10) < from - LONGEST_BATCH) return { lines };
        const newest = value.lines.toReversed();
        const first = place?.day === day && place.key === key ? place.line : 0;
        place = undefined;
        for (const [index, line] of newest.entries()) {
          if (index < first || !matches(line, query)) continue;
          if (lines.length === limit) return { lines, next: nextOf({ day, key, line: index }) };
          lines.push(line);
        }
      }
      at = page.next;
    } while (at !== undefined);
  }
  return { lines };
}

/** UTC days of which there are lines, oldest first. */
export async function daysOf(state: StateStore): Promise<string[]> {
  const days: string[] = [];
  for await (const { key } of listAll(state, 'logs', DAYS)) days.push(key);
  return days;
}

interface Place {
  readonly day: string;
  readonly key: string | undefined;
  /** Lines of that row that were given out. */
  readonly line: number;
}

function nextOf({ day, key = '', line }: Place): string {
  return Buffer.from(JSON.stringify([day, key, line])).toString('base64url');
}

/** Throws RangeError for what no page gave. */
function placeOf(next: string | undefined): Place | undefined {
  if (next === undefined) return undefined;
  try {
    const [day, key, line] = JSON.parse(Buffer.from(next, 'base64url').toString()) as unknown[];
    const known = typeof day === 'string' && /^\d{4}-\d\d-\d\d$/.test(day) && Number.isInteger(line);
    if (known && typeof key === 'string' && /^[0-9A-Za-z|-]{0,100}$/.test(key))
      return { day, key: key === '' ? undefined : key, line: line as number };
  } catch {
    // Said below.
  }
  throw new RangeError('no place in the log');
}

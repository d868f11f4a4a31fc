import { setImmediate as breathe } from 'node:timers/promises';
import { Failure } from '../errors.ts';
import type { SessionReading } from '../sessions/session.ts';
import { REPORT_LIMITS, type ReportLimits } from './report-limits.ts';
import { type ReportRoot, SessionReportParser } from './session-report-parser.ts';
import { Utf8Text } from './utf8-text.ts';

export type { ReportRoot } from './session-report-parser.ts';

/** Sessions of one report in document order. Can be iterated once. */
export interface SessionReport extends AsyncIterable<SessionReading> {
  /** The root's start tag; known once it was read, so at the latest with the first session. */
  readonly root: ReportRoot | undefined;
  /** The root's end tag has come and nothing but white space or comments after it: only then is the report read. */
  readonly complete: boolean;
  /** Sessions given so far. */
  readonly count: number;
}

/** Larger chunks are read in pieces, so that never more than a few sessions wait. */
const PIECE = 16 * 1024;
/**
 * After so many pieces, timers and sockets get their turn, and the garbage collector its own: chunks that are at hand
 * would else be read in one go.
 */
const BREATH = 64;

/**
 * Reads a session report (`AccessSession`, `SupportSession`) as a stream: memory is that of one session, whatever the
 * report's size. Iteration ends normally only if the report is complete. A report that says "nothing found" in a known
 * text is complete and has no session.
 *
 * Throws `Failure`: `truncated` (it ended before the root's end tag), `malformed-report`, `report-limit`,
 * `unsupported-encoding`, `appliance-error` (an `error` element as root or directly below it), `unexpected-document`
 * (not a session report), and what `chunks` throws.
 */
export function readSessionReport(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly limits?: Partial<ReportLimits> } = {},
): SessionReport {
  const parser = new SessionReportParser({ ...REPORT_LIMITS, ...options.limits });
  let complete = false;
  let count = 0;
  async function* read(): AsyncGenerator<SessionReading> {
    const utf8 = new Utf8Text();
    let pieces = 0;
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PIECE) {
        parser.write(utf8.decode(chunk.subarray(from, from + PIECE)));
        if (++pieces % BREATH === 0) await breathe();
        for (const reading of parser.take()) {
          count++;
          yield reading;
        }
      }
    }
    parser.write(utf8.end());
    for (const reading of parser.take()) {
      count++;
      yield reading;
    }
    parser.end();
    complete = true;
  }
  const iterator = read();
  return {
    [Symbol.asyncIterator]: () => iterator,
    get root() {
      return parser.root;
    },
    get complete() {
      return complete;
    },
    get count() {
      return count;
    },
  };
}

/**
 * A file that holds one session: declaration, the report's root tag as sent, the session's bytes as sent, the end tag.
 * `readSessionReport` reads it back.
 */
export function renderSessionDocument(root: ReportRoot, xml: string): string {
  if (root.name === '')
    throw new Failure('terminal', 'no-root', 'A session document needs the root tag of its report.');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.startTag}\n${xml}\n</${root.name}>\n`;
}

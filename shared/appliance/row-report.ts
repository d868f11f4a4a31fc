import { setImmediate as breathe } from 'node:timers/promises';
import { REPORT_LIMITS, type ReportLimits } from './report-limits.ts';
import { type ReportRoot, RowParser, type RowShape } from './row-parser.ts';
import { Utf8Text } from './utf8-text.ts';

/** Rows of one report in document order. Can be iterated once. */
export interface RowReport<Row> extends AsyncIterable<Row> {
  /** The root's start tag; known once it was read, so at the latest with the first row. */
  readonly root: ReportRoot | undefined;
  /** The root's end tag has come and nothing but white space or comments after it: only then is the report read. */
  readonly complete: boolean;
  /** Rows given so far. */
  readonly count: number;
}

export interface ReadOptions {
  readonly limits?: Partial<ReportLimits>;
}

/** Larger chunks are read in pieces, so that never more than a few rows wait. */
const PIECE = 16 * 1024;
/**
 * After so many pieces, timers and sockets get their turn, and the garbage collector its own: chunks that are at hand
 * would else be read in one go.
 */
const BREATH = 64;

/**
 * Reads a report as a stream: memory is that of one row, whatever the report's size. Iteration ends normally only if the
 * report is complete. A report that says "nothing found" in a known text is complete and has no row.
 *
 * Throws `Failure`: `truncated` (it ended before the root's end tag), `malformed-report`, `report-limit`,
 * `unsupported-encoding`, `appliance-error` (an `error` element as root or directly below it), `unexpected-document`
 * (not the report), and what `chunks` throws.
 */
export function readRows<Row>(
  chunks: AsyncIterable<Uint8Array>,
  shape: RowShape<Row>,
  options: ReadOptions = {},
): RowReport<Row> {
  const parser = new RowParser(shape, { ...REPORT_LIMITS, ...options.limits });
  let complete = false;
  let count = 0;
  async function* read(): AsyncGenerator<Row> {
    const utf8 = new Utf8Text();
    let pieces = 0;
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PIECE) {
        parser.write(utf8.decode(chunk.subarray(from, from + PIECE)));
        if (++pieces % BREATH === 0) await breathe();
        for (const row of parser.take()) {
          count++;
          yield row;
        }
      }
    }
    parser.write(utf8.end());
    for (const row of parser.take()) {
      count++;
      yield row;
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

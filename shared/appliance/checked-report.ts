import { atSite } from './at-site.ts';
import { REPORT_LIMITS } from './report-limits.ts';
import { RowParser, type RowShape } from './row-parser.ts';
import { sessionShape } from './session-shape.ts';
import { Utf8Text } from './utf8-text.ts';

/** A report on its way to somewhere: the bytes as they came, checked as they pass. */
export interface CheckedReport extends AsyncIterable<Uint8Array> {
  /** Sessions (or what rows the report has) that have passed whole. */
  readonly sessions: number;
}

const PIECE = 64 * 1024;

/**
 * Passes the bytes on and reads them at the same time. Iteration ends normally only if the report was read to its end
 * tag; it throws the `Failure`s of `readRows`. Can be iterated once.
 * @param where site and host, for messages
 * @param shape of the report; `reports/` has those of reports that are not of sessions
 */
export function checkReport(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  shape: RowShape<unknown> = sessionShape,
): CheckedReport {
  const parser = new RowParser(shape, REPORT_LIMITS);
  let sessions = 0;
  async function* pass(): AsyncGenerator<Uint8Array> {
    try {
      yield* check();
    } catch (error) {
      throw atSite(error, where);
    }
  }
  async function* check(): AsyncGenerator<Uint8Array> {
    const utf8 = new Utf8Text();
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PIECE) {
        parser.write(utf8.decode(chunk.subarray(from, from + PIECE)));
        sessions += parser.take().length;
      }
      yield chunk;
    }
    parser.write(utf8.end());
    sessions += parser.take().length;
    parser.end();
  }
  const iterator = pass();
  return {
    [Symbol.asyncIterator]: () => iterator,
    get sessions() {
      return sessions;
    },
  };
}

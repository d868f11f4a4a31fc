import { Failure } from '../errors.ts';
import type { SessionReading } from '../sessions/session.ts';
import type { ReportRoot } from './row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from './row-report.ts';
import { sessionShape } from './session-shape.ts';

export type { ReportRoot } from './row-parser.ts';

/** Sessions of one report in document order. Can be iterated once. */
export type SessionReport = RowReport<SessionReading>;

/** Reads a session report (`AccessSession`, `SupportSession`) as a stream; `readRows` says what it throws. */
export function readSessionReport(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): SessionReport {
  return readRows(chunks, sessionShape, options);
}

/**
 * A file that holds one session, or another row of a report: declaration, the report's root tag as sent, the row's bytes
 * as sent, the end tag. The report's reader reads it back.
 */
export function renderSessionDocument(root: ReportRoot, xml: string): string {
  if (root.name === '')
    throw new Failure('terminal', 'no-root', 'A session document needs the root tag of its report.');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.startTag}\n${xml}\n</${root.name}>\n`;
}

import { wholeNumber } from '../../sessions/read-values.ts';
import { attributeOf, childText } from '../../sessions/xml-element.ts';
import type { SessionSummary } from '../appliance.ts';
import type { RowShape } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';

/** `summary_list/summary` (API guide). */
const shape: RowShape<SessionSummary> = {
  report: 'a session summary',
  row: 'a summary',
  rows: 'summaries',
  isRoot: (name) => name === 'summary_list',
  begins: (name, _attributes, depth) => depth === 2 && name === 'summary',
  read: (element) => ({
    id: attributeOf(element, 'id'),
    type: attributeOf(element, 'type'),
    displayName: childText(element, 'display_name'),
    totalSessions: wholeNumber(childText(element, 'total_sessions')),
    averageSessionsPerWeekday: decimal(childText(element, 'avg_sessions_per_weekday')),
    averageDuration: childText(element, 'avg_duration'),
  }),
};

/** Reads an AccessSessionSummary or SupportSessionSummary report as a stream; `readRows` says what it throws. */
export function readSessionSummaries(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): RowReport<SessionSummary> {
  return readRows(chunks, shape, options);
}

function decimal(text: string | null): number | null {
  return text !== null && /^\s*\d{1,15}(\.\d+)?\s*$/.test(text) ? Number(text) : null;
}

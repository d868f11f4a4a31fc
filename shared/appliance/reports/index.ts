/** Readers of the reports, each a stream of rows as typed values. What they throw is at `readRows` (row-report.ts). */
export { presentationShape, readPresentations } from './presentations.ts';
export { readSessionSummaries } from './session-summaries.ts';

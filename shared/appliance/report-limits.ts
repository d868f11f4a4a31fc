import { Failure } from '../errors.ts';

/** What one report may ask of memory. Lengths are in characters. */
export interface ReportLimits {
  /** Elements within elements; the root is 1. */
  readonly depth: number;
  readonly attributesPerElement: number;
  /** One text, attribute value or comment. */
  readonly textLength: number;
  /** One session, or other row of a report, as sent. */
  readonly sessionLength: number;
}

/** Far above what appliances send: a real event is some 400 characters, a long session a few megabytes. */
export const REPORT_LIMITS: ReportLimits = {
  depth: 64,
  attributesPerElement: 64,
  textLength: 8 * 1024 * 1024,
  sessionLength: 64 * 1024 * 1024,
};

export function overLimit(what: string): Failure {
  return new Failure('transient', 'report-limit', `The report was refused: ${what}.`);
}

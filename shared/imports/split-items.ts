import type { ReportRoot } from '../appliance/row-parser.ts';

/** A session as it stands in a file. Positions are bytes from the file's start; `to` is the one after it. */
export interface FoundSession {
  readonly kind: 'session';
  readonly at: number;
  readonly to: number;
  readonly lsid: string | undefined;
  /** For a document that holds it. */
  readonly root: ReportRoot;
  /** `<session …>…</session>` as it stands there. Valid until the next one is asked for. */
  readonly bytes: Buffer;
}

/** What cannot be loaded. `fatal`: nothing of the file after it can be told apart. */
export interface Fault {
  readonly kind: 'fault';
  readonly at: number;
  readonly to: number;
  readonly lsid?: string | undefined;
  readonly reason: string;
  readonly fatal?: true;
}

/** Where to go on in a file: behind a session, within this root. */
export interface SplitPlace {
  readonly at: number;
  /** Absent: outside of a report. */
  readonly root?: ReportRoot;
  /** Whole ones before it. */
  readonly sessions?: number;
}

export function faultAt(at: number, to: number, reason: string, lsid?: string): Fault {
  return { kind: 'fault', at, to, reason, ...(lsid === undefined ? {} : { lsid }) };
}

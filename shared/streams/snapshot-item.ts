import type { FileNameValues } from '../destinations/destination.ts';
import { compactInstant } from './instant.ts';
import type { FileDescription } from './stream.ts';

/**
 * What is made for a due instant has no session: SESSION_TYPE is the data type and LSID the instant, so that the
 * default File Name Format gives HOST-backup-YYYYMMDDTHHMMSSZ.nsb.
 */
export function snapshotItem(due: Date, type: string, extension: string): FileDescription {
  const instant = compactInstant(Math.floor(due.getTime() / 1000));
  return { key: instant, values: { SESSION_TYPE: type, LSID: instant }, extension };
}

export function snapshotSample(type: string, extension: string): FileNameValues {
  return { SESSION_TYPE: type, LSID: '20260101T000000Z', EXTENSION: extension };
}

import { isUtf8 } from 'node:buffer';
import { REPORT_LIMITS } from '../appliance/report-limits.ts';
import { type ReportRoot, RowParser } from '../appliance/row-parser.ts';
import { sessionShape } from '../appliance/session-shape.ts';
import { Failure } from '../errors.ts';
import type { SessionReading } from '../sessions/session.ts';

export type ReadSession =
  | { readonly reading: SessionReading; readonly reason?: undefined }
  | { readonly reason: string };

/** One session as it stands in a file, read as the report's reader will; or why it cannot be. */
export function readImported(root: ReportRoot, bytes: Buffer): ReadSession {
  if (!isUtf8(bytes)) return { reason: 'it is not valid UTF-8' };
  const parser = new RowParser(sessionShape, REPORT_LIMITS);
  try {
    parser.write(root.startTag);
    parser.write(bytes.toString('utf8'));
    parser.write(`</${root.name}>`);
    parser.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { reason: error.message };
  }
  const [reading] = parser.take();
  return reading === undefined ? { reason: 'there is no session in it' } : { reading };
}

/** Before every reading of an appliance. Seconds. */
const BEFORE_ALL = 2 ** 32;

/**
 * When an imported session counts as read: nobody knows, so before anything that was read from the appliance, whatever
 * is stored already. Among imports the one with the latest event is the newer; of equals always the same one,
 * so that a load that is repeated changes nothing. Unix seconds with a fraction.
 */
export function importedReadAt({ session, hash }: SessionReading): number {
  let latest = Math.max(session.startTime ?? 0, session.endTime ?? 0);
  for (const { time } of session.events) if (time !== null && time > latest) latest = time;
  const turn = Number.parseInt(hash.slice(0, 4), 16) / 2 ** 16;
  return latest - BEFORE_ALL + turn;
}

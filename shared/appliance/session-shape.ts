import { readSession } from '../sessions/read-session.ts';
import type { SessionReading } from '../sessions/session.ts';
import { attributeOf } from '../sessions/xml-element.ts';
import { type RowShape, unexpectedReport } from './row-parser.ts';

const report = 'a session report';

/** `session_list/session`: AccessSession, SupportSession. */
export const sessionShape: RowShape<SessionReading> = {
  report,
  row: 'a session',
  rows: 'sessions',
  isRoot: (name) => name === 'session_list',
  begins(name, _attributes, depth) {
    if (name !== 'session') return false;
    if (depth !== 2) throw unexpectedReport(report, 'a session stands in an unknown place');
    return true;
  },
  read(element, xml, hash) {
    const sent = attributeOf(element, 'lsid');
    if (sent === null || sent.trim() === '') throw unexpectedReport(report, 'a session has no lsid');
    // A copy: lsids are kept for long, and a slice would keep its whole chunk.
    const lsid = Buffer.from(sent).toString();
    return { session: readSession(element, lsid, xml), xml, hash };
  },
};

import { readSession } from '../../sessions/read-session.ts';
import type { Session, SessionReading } from '../../sessions/session.ts';
import { attributeOf, deepText } from '../../sessions/xml-element.ts';
import { type RowShape, unexpectedReport } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';
import { attributeIn } from './attributes.ts';

const report = 'a presentation report';

/**
 * PresentationSession (RS). No public source shows one: neither root nor elements are verified. So it is read by its
 * structure: a presentation is each element below the root that has an lsid, and whatever in it is named as in a session
 * report is taken as that. `session.recordings.session` says that there is a recording: any element named
 * `…recording_download_url` with something in it.
 */
export const presentationShape: RowShape<SessionReading> = {
  report,
  row: 'a presentation',
  rows: 'presentations',
  isRoot: (name) => name.toLowerCase() !== 'html',
  begins(_name, attributes, depth) {
    return depth === 2 && attributeIn(attributes, 'lsid') !== null;
  },
  read(element, xml, hash) {
    const sent = attributeOf(element, 'lsid');
    if (sent === null || sent.trim() === '') throw unexpectedReport(report, 'a presentation has no lsid');
    // A copy: lsids are kept for long, and a slice would keep its whole chunk.
    const lsid = Buffer.from(sent).toString();
    const read = readSession(element, lsid, xml);
    const isRecorded = element.children.some(
      (child) => child.name.endsWith('recording_download_url') && deepText(child).trim() !== '',
    );
    const { user: _, ...recordings } = read.recordings;
    const session: Session = { ...read, recordings: { ...recordings, session: isRecorded } };
    return { session, xml, hash };
  },
};

/** Reads a presentation report as a stream; `readRows` says what it throws. */
export function readPresentations(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): RowReport<SessionReading> {
  return readRows(chunks, presentationShape, options);
}

import { timeOf, unixTime } from '../../sessions/read-values.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../../sessions/xml-element.ts';
import type { RowShape } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';

/** One archive of a day (observed; the root's name is not). */
export interface ArchiveEntry {
  /** `state`: one object. `event`: an object a line. */
  readonly type: 'state' | 'event';
  /** What Archive is asked with. */
  readonly index: string | null;
  /** Unix seconds: of a state, when it was taken; of events, when they begin. */
  readonly time: number | null;
  readonly endTime: number | null;
}

const shape: RowShape<ArchiveEntry> = {
  report: 'an archive listing',
  row: 'an archive',
  rows: 'archives',
  isRoot: (name) => name.toLowerCase() !== 'html',
  begins: (name) => name === 'event_archive' || name === 'state_archive',
  read: (element) => ({
    type: element.name === 'state_archive' ? 'state' : 'event',
    index: attributeOf(element, 'index') ?? childText(element, 'index'),
    time: timeNamed(element, 'time') ?? timeNamed(element, 'start_time'),
    endTime: timeNamed(element, 'end_time'),
  }),
};

/** Reads an ArchiveListing report as a stream; `readRows` says what it throws. */
export function readArchiveListing(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): RowReport<ArchiveEntry> {
  return readRows(chunks, shape, options);
}

function timeNamed(element: XmlElement, name: string): number | null {
  const child = childOf(element, name);
  return child === undefined ? unixTime(attributeOf(element, name)) : timeOf(child);
}

import type { Session } from '../../../shared/sessions/session.ts';
import { sessionUrls } from '../capabilities.ts';
import type { Settings } from '../options.ts';
import { makeRepresentative } from '../people.ts';
import { mix, Random } from '../random.ts';
import { createSessionIds } from '../session-ids.ts';
import { element, indent, wrap } from '../xml-element.ts';
import { clockDuration, isoTime } from '../xml-text.ts';
import { createTimeline } from './timeline.ts';

/** RS. One presentation for each ten sessions. */
export interface Presentations {
  readonly ids: { lsid(index: number): string };
  /** What there is of it by `at`. */
  model(index: number, at: number): Session;
  /** An index that has begun by `at`. */
  find(lsid: string, at: number): number | undefined;
  select(by: 'start' | 'end', from: number, to: number, now: number): Iterable<number>;
  /** Whether it has a recording once it is over. */
  isRecorded(index: number): boolean;
  /** @param capability the access hash of this reading */
  xml(index: number, at: number, capability: string): string;
}

const longestSeconds = 3 * 3600;

export function createPresentations(settings: Settings): Presentations {
  const { seed, product, odd } = settings;
  const count = product === 'RS' ? Math.ceil(settings.sessions / 10) : 0;
  const timeline = createTimeline(settings, count, 61);
  const ids = createSessionIds(`presentation ${product}`, seed);
  const endOf = (index: number) =>
    timeline.timeOf(index) + 60 + (mix(seed, index, 62) % (longestSeconds - 60));
  const isRecorded = (index: number) => mix(seed, index, 63) % 3 !== 0;

  function model(index: number, at: number): Session {
    const start = timeline.timeOf(index);
    const end = endOf(index);
    const presenter = makeRepresentative(new Random(seed, index, 64), product, odd);
    return {
      ...nothingKnown,
      lsid: ids.lsid(index),
      type: 'presentation',
      lseq: String(1 + index),
      startTime: start,
      endTime: end <= at ? end : null,
      duration: clockDuration(Math.min(end, at) - start),
      externalKey: index % 2 === 0 ? '' : `PRES & ${index}`,
      primaryRepresentative: {
        gsNumber: presenter.gsNumber,
        id: presenter.userId,
        name: presenter.displayName,
      },
      recordings: { session: end <= at && isRecorded(index), commandShell: [], showMyScreen: [] },
    };
  }

  return {
    ids,
    model,
    isRecorded,
    find(lsid, at) {
      const index = ids.index(lsid);
      return index !== undefined && index < count && timeline.timeOf(index) <= at ? index : undefined;
    },
    *select(by, from, to, now) {
      const first = by === 'start' ? from : from - longestSeconds;
      for (const index of timeline.within(first, Math.min(to, now + 1))) {
        const end = endOf(index);
        if (by === 'start' || (end >= from && end < to && end <= now)) yield index;
      }
    },
    xml(index, at, capability) {
      const session = model(index, at);
      const urls = sessionUrls(settings.siteHost, session.lsid, capability);
      const start = session.startTime ?? 0;
      const end = session.endTime;
      return [
        `${indent}<presentation_session lsid="${session.lsid}">\n`,
        element(2, 'session_type', session.type),
        element(2, 'lseq', session.lseq),
        element(2, 'start_time', isoTime(start), 'entities', { timestamp: String(start) }),
        element(2, 'end_time', end === null ? '' : isoTime(end), 'entities', {
          timestamp: end === null ? null : String(end),
        }),
        element(2, 'duration', session.duration),
        element(2, 'external_key', session.externalKey),
        session.recordings.session
          ? element(2, 'presentation_recording_view_url', urls.recording(true)) +
            element(2, 'presentation_recording_download_url', urls.recording(false))
          : '',
        element(2, 'primary_rep', session.primaryRepresentative?.name ?? null, 'entities', {
          gsnumber: session.primaryRepresentative?.gsNumber ?? null,
          id: session.primaryRepresentative?.id ?? null,
        }),
        wrap(2, 'attendee_list', wrap(3, 'attendee', element(4, 'username', 'Zoë & Co'), { gsnumber: '31' })),
        `${indent}</presentation_session>\n`,
      ].join('');
    },
  };
}

const nothingKnown: Session = {
  lsid: '',
  type: null,
  lseq: null,
  startTime: null,
  endTime: null,
  duration: null,
  jumpoint: null,
  publicSite: null,
  jumpGroup: null,
  externalKey: null,
  customAttributes: [],
  fileTransferCount: null,
  fileMoveCount: null,
  fileDeleteCount: null,
  primaryCustomer: null,
  primaryRepresentative: null,
  primaryTeam: null,
  customers: [],
  representatives: [],
  teams: [],
  events: [],
  recordings: { session: false, commandShell: [], showMyScreen: [] },
};

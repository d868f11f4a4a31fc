import type {
  Appliance,
  CallOptions,
  FileDownload,
  Product,
  ReportBody,
  TimeWindow,
} from '../appliance/appliance.ts';
import type { FileNameValues, NamingSample } from '../destinations/destination.ts';
import type { Session } from '../sessions/session.ts';
import type { Bucket, ReportPeriod } from './bucket.ts';

/** Ids of the data types, as they stand in settings. */
export const streamIds = [
  'session-data',
  'session-recording',
  'command-shell-recording',
  'show-my-screen-recording',
  'user-recording',
  'presentation-data',
  'presentation-recording',
  'backup',
  'team-activity',
  'vault-account-activity',
  'exit-survey',
  'license-usage',
  'endpoint-license-usage',
  'syslog',
] as const;
export type StreamId = (typeof streamIds)[number];

/** What a transfer may set for data types that leave a choice. */
export interface TransferOptions {
  /** Command shell recordings as video, as text, or as both. Default `video`. */
  readonly commandShellFormat?: CommandShellFormat | undefined;
  /** How long the stretches are in which reports that are no sessions are read. Default `day`. */
  readonly reportPeriod?: ReportPeriod | undefined;
}
export const commandShellFormats = ['video', 'text', 'both'] as const;
export type CommandShellFormat = (typeof commandShellFormats)[number];

interface StreamBase {
  readonly id: StreamId;
  /** As the guides and the user interface name it. */
  readonly title: string;
  readonly products: readonly Product[];
  /** The API version that brought it; absent where every version the guides know has it. */
  readonly since?: Readonly<Partial<Record<Product, string>>>;
  /** The get_api_info permissions of which the account needs one, for each product that has this data type. */
  readonly permissions: readonly string[];
  /** File Name Format where the destination's settings give none. Absent: the guide's default. */
  readonly defaultFormat?: string;
  /**
   * Replacement values as its items have them, all data types of one session and one instant: a format has to tell
   * them apart. Several where one session or instant has several items.
   */
  samples(options: TransferOptions): readonly FileNameValues[];
}

/** Which report announces it. Presentations go through the machinery of sessions by a report of their own. */
export type SessionReportKind = 'session' | 'presentation';

interface FromSessionReport extends StreamBase {
  readonly from: 'session-report';
  readonly report: SessionReportKind;
}

/** The session itself: a record where the destination takes records, else its XML as a file. */
export interface SessionDataStream extends FromSessionReport {
  readonly content: 'session';
  /** Replacement values of an entry. */
  valuesOf(session: Session): FileNameValues;
}

/** The XML of what a report lists, one file each; never records. */
export interface DocumentStream extends FromSessionReport {
  readonly content: 'document';
  valuesOf(entry: Session): FileNameValues;
}

/** Data types that are the entries of a report themselves. */
export type EntryStream = SessionDataStream | DocumentStream;

/** Files that a session report announces: they go into the item ledger and are fetched from there. */
export interface SessionFileStream extends FromSessionReport {
  readonly content: 'file';
  items(session: Session, options: TransferOptions): readonly FileDescription[];
  open(appliance: Appliance, item: FileDescription, call: CallOptions): Promise<FileDownload>;
}

/** A file that is made when it is asked for, keyed by the due instant. */
export interface SnapshotStream extends StreamBase {
  readonly from: 'snapshot';
  readonly content: 'file';
  /** It can be protected by the site's backup password. */
  readonly protectable?: true;
  itemAt(due: Date): FileDescription;
  open(
    appliance: Appliance,
    item: FileDescription,
    call: CallOptions & { readonly password?: string },
  ): Promise<FileDownload>;
}

/**
 * A report about what happened in a stretch of time that is no session: read in fixed buckets, a UTC day or hour of
 * the appliance's clock each, one XML document a bucket.
 */
export interface BucketStream extends StreamBase {
  readonly from: 'bucket';
  readonly content: 'file';
  /** How long after a bucket's end it is read, seconds: until then something may still come into it. */
  readonly lag: number;
  itemsOf(bucket: Bucket): readonly FileDescription[];
  /** As sent; undefined: nothing found. */
  open(
    appliance: Appliance,
    item: FileDescription,
    window: TimeWindow,
    call: CallOptions,
  ): Promise<ReportBody | undefined>;
}

export type FileStream = SessionFileStream | SnapshotStream | BucketStream;
export type SessionFeedStream = SessionDataStream | DocumentStream | SessionFileStream;
export type Stream = SessionFeedStream | SnapshotStream | BucketStream;

/** What the ledger keeps of a file that is owed: enough to fetch and name it. JSON. */
export interface FileDescription {
  /** Unique within site and stream, for ever: `LSID`, `LSID|instance`, the due instant, a bucket's start and length. */
  readonly key: string;
  readonly lsid?: string;
  /** Which of several of one session: counts from 0. */
  readonly instance?: string;
  /** Which of several kinds there are of it: `video`, `text`; `customer`, `representative`. */
  readonly variant?: string;
  /** Of a bucket: what it covers. */
  readonly window?: TimeWindow;
  /** Key of an earlier reading of the same: when the content is the same, it is not stored again. */
  readonly again?: string;
  /** Replacement values but for the site's host and the extension. */
  readonly values: FileNameValues;
  /** The guide's extension, without a dot. */
  readonly extension: string;
}

/** The stream's samples as a destination names them. */
export function namingSamples(stream: Stream, options: TransferOptions, host: string): NamingSample[] {
  const { defaultFormat } = stream;
  return stream.samples(options).map((sample) => ({
    values: { ...sample, SUPPORT_SITE_HOST: host },
    ...(defaultFormat === undefined ? {} : { defaultFormat }),
  }));
}

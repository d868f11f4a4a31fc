import type { Appliance, CallOptions, FileDownload, Product } from '../appliance/appliance.ts';
import type { FileNameValues } from '../destinations/destination.ts';
import type { Session } from '../sessions/session.ts';

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

interface StreamBase {
  readonly id: StreamId;
  /** As the guides and the user interface name it. */
  readonly title: string;
  readonly products: readonly Product[];
  /** The get_api_info permissions of which the account needs one, for each product that has this data type. */
  readonly permissions: readonly string[];
  /** Replacement values as its items have them, all data types of one session: a format has to tell them apart. */
  readonly sample: FileNameValues;
}

/** The session itself: a record where the destination takes records, else its XML as a file. */
export interface SessionDataStream extends StreamBase {
  readonly from: 'session-report';
  readonly content: 'session';
}

/** Files that a session report announces: they go into the item ledger and are fetched from there. */
export interface SessionFileStream extends StreamBase {
  readonly from: 'session-report';
  readonly content: 'file';
  items(session: Session): readonly FileDescription[];
  open(appliance: Appliance, item: FileDescription, call: CallOptions): Promise<FileDownload>;
}

/** A file that is made when it is asked for, keyed by the due instant. */
export interface SnapshotStream extends StreamBase {
  readonly from: 'snapshot';
  readonly content: 'file';
  itemAt(due: Date): FileDescription;
  open(
    appliance: Appliance,
    item: FileDescription,
    call: CallOptions & { readonly password?: string },
  ): Promise<FileDownload>;
}

export type FileStream = SessionFileStream | SnapshotStream;
export type SessionFeedStream = SessionDataStream | SessionFileStream;
export type Stream = SessionDataStream | SessionFileStream | SnapshotStream;

/** What the ledger keeps of a file that is owed: enough to fetch and name it. JSON. */
export interface FileDescription {
  /** Unique within site and stream, for ever: `LSID`, `LSID|instance`, the due instant. */
  readonly key: string;
  readonly lsid?: string;
  /** Replacement values but for the site's host and the extension. */
  readonly values: FileNameValues;
  /** The guide's extension, without a dot. */
  readonly extension: string;
}

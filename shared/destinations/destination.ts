import type { Session } from '../sessions/session.ts';
import type { Evidence } from './evidence.ts';

/**
 * The contract of a destination (a configured plugin). What it can take is said by which sinks it has. Every call may
 * be made twice, by another process, after a crash at any point; the stored result must be the same. Failures are
 * thrown as `Failure`: `terminal` when a person has to act (rights, full disk, bad setting), else `transient`.
 */
export interface Destination {
  readonly id: string;
  /** Destination Name, for display and logs. */
  readonly name: string;
  /** Takes sessions as records (a database). */
  readonly sessions?: SessionSink;
  /** Takes files of any size. */
  readonly files?: FileSink;
  /**
   * Takes the XML documents of data types that are no sessions (a bucket of time each) as rows, under the contract of
   * files: what was begun and not committed is not there, a repeat of a key changes nothing. Its plugin lists which.
   */
  readonly reports?: FileSink;
  /** What it can prove of its files; for destinations that keep some. */
  readonly evidence?: Evidence;
  /** Gives out the files that it has stored. */
  readonly contents?: StoredContents;
  /** Is told where the files of items are stored (a database, for those who read it). */
  readonly storedFiles?: StoredFileSink;
  /** Imitates the real work: writes, reads back and removes something. Throws the failure a real write would meet. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Where an item came from; stored with it. */
export interface Origin {
  /** Id of the site in the settings. */
  readonly siteId: string;
  /** The recorded host name: `host_name`, `%SUPPORT_SITE_HOST%`. */
  readonly host: string;
  readonly applianceId?: string;
  readonly apiVersion?: string;
}

export interface SessionSink {
  /**
   * Stores a batch (at most a few hundred) in one transaction, each session replaced whole under (host, lsid).
   * Outcomes are in the order given. A session that equals the stored one, or is older than it, is not written.
   */
  store(origin: Origin, sessions: readonly SessionVersion[]): Promise<readonly StoreOutcome[]>;
  /**
   * What is stored of these sessions (at most a few hundred) of a recorded host; a session that is not in it is not
   * stored. Without this, reconciliation cannot tell what the destination has.
   */
  statusOf?(host: string, lsids: readonly string[]): Promise<ReadonlyMap<string, 'stored' | 'not-final'>>;
}

/**
 * `stored`: as it ended. `not-final`: stored as it was before it ended. `settled`: not there, and rightly so: the name
 * was taken (Skip), another item has overwritten it, or Retention Count removed it.
 */
export type ItemStatus = 'stored' | 'not-final' | 'settled';

/** One reading of a session, as it is to be stored. */
export interface SessionVersion {
  readonly session: Session;
  readonly hash: string;
  /** Closed readings win over open ones; among equals the later `readAt` (appliance clock, Unix seconds) wins. */
  readonly closed: boolean;
  readonly readAt: number;
}

/** `older`: not written, what is stored is newer. `rejected`: this one cannot be stored, `reason` says why. */
export interface StoreOutcome {
  readonly status: 'stored' | 'replaced' | 'unchanged' | 'older' | 'rejected';
  readonly reason?: string;
}

export interface FileSink {
  /** `guide`: the Integration Client guide's extension. `as-served`: from what the appliance says it sends. */
  readonly extension: 'guide' | 'as-served';
  /** What is stored under this item key (the newest version); undefined when nothing is, or only a reservation. */
  find(key: string): Promise<StoredFile | undefined>;
  /** What became of items that were begun; undefined: there is nothing of it. Without this, `find` has to do. */
  statusOf?(key: string): Promise<ItemStatus | undefined>;
  /** Reserves a name and opens a write, or says that nothing is to be written. */
  begin(item: FileItem): Promise<FileBegin>;
}

export interface FileItem {
  readonly origin: Origin;
  /** Data type id: `session-data`, `session-recording`, `backup` … */
  readonly stream: string;
  /** Unique at the destination for ever: the same key is the same item, whatever its name. */
  readonly key: string;
  /** Replacement values of the File Name Format; `EXTENSION` as it is to be used. Absent = empty. */
  readonly values: FileNameValues;
  /**
   * For items whose content may change (a session's XML). Absent: the item never changes, and once stored it is not
   * fetched again.
   */
  readonly version?: { readonly hash: string; readonly closed: boolean; readonly readAt: number };
  readonly contentType?: string;
  /** File Name Format where the destination's settings give none: the data type's own. */
  readonly defaultFormat?: string;
  /** Id of the run that stores it. */
  readonly run?: string;
  /**
   * Key of an earlier reading of the same stretch of time, of which this is a later and other one. Rows of a database
   * take the earlier one's place, under its key; a file is one of its own.
   */
  readonly replaces?: string;
}

export type ReplacementName =
  | 'LSEQ'
  | 'LSID'
  | 'EXTERNAL_KEY'
  | 'SESSION_TYPE'
  | 'SUPPORT_SITE_HOST'
  | 'INSTANCE'
  | 'EXTENSION';
export type FileNameValues = Readonly<Partial<Record<ReplacementName, string>>>;

/** What a data type's files are named from, for checking formats. */
export interface NamingSample {
  readonly values: FileNameValues;
  /** As `FileItem.defaultFormat`. */
  readonly defaultFormat?: string;
}

export type FileBegin =
  /** Stored before, nothing to do. */
  | { readonly status: 'unchanged'; readonly file: StoredFile }
  /** What is stored is newer than this version. */
  | { readonly status: 'older'; readonly file: StoredFile }
  /** File Name Conflict Handling is Skip and the name is taken; recorded so in the catalog, nothing is written. */
  | { readonly status: 'skipped'; readonly name: string }
  | { readonly status: 'write'; readonly write: FileWrite };

/** One attempt at one file. Exactly one of commit and abort ends it; before commit nothing is visible at the name. */
export interface FileWrite {
  /** The reserved name. */
  readonly name: string;
  /** Resolves when the store is ready for more (back pressure). */
  write(chunk: Uint8Array): Promise<void>;
  /** SHA-256 (hex) of all that was written, after the last of it: whoever is told need not hash a large file again. */
  digest?(): string;
  /** Makes the file durable and visible, whole, under its name, and catalogs it. */
  commit(content: FileContent): Promise<StoredFile>;
  /** Leaves nothing half-written. Never throws. */
  abort(): Promise<void>;
}

export interface FileContent {
  readonly size: number;
  /** Hex, of all bytes given to write. */
  readonly sha256: string;
  /** What says the content is whole. */
  readonly verified: FileEvidence;
}

/** `length`: as many bytes as announced. `chunked`: the chunked encoding ended properly. `end-tag`: XML read to its end. `zip-end`: a ZIP's directory stands at its end, where it says. `read-twice`: no size evidence; two reads had the same hash. `unverified`: a snapshot without size evidence, which differs at each reading and so cannot be compared. */
export type FileEvidence = 'length' | 'chunked' | 'end-tag' | 'zip-end' | 'read-twice' | 'unverified';

export interface StoredFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly verified: FileEvidence;
  /** ISO 8601, our clock. */
  readonly storedAt: string;
}

export interface StoredContents {
  /**
   * The bytes of a stored file, or of a range of it that lies within it.
   *
   * @throws Failure `item`: `file-missing` when it is not there, `file-changed` when it is another than was stored, as
   *   far as that shows without reading it whole
   */
  read(file: StoredFile, range?: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

/** Half-open: `to` is the first byte that is not in it. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface StoredFileSink {
  /** What happened to files of the destination `destinationId`, in order. May be told again. */
  note(destinationId: string, changes: readonly StoredFileChange[]): Promise<void>;
}

export interface StoredFileChange {
  /** `pruned`: removed by Retention Count. `replaced`: stored in the place of another file. */
  readonly event: 'stored' | 'replaced' | 'pruned';
  /** Key of the item, as in `FileItem`. */
  readonly item: string;
  readonly stream: string;
  /** The recorded host name. */
  readonly host: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  /** ISO 8601, our clock. */
  readonly storedAt: string;
  /** The item whose file it took the place of. */
  readonly replaced?: { readonly item?: string };
}

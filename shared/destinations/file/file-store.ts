import type { ByteRange, FileEvidence, FileNameValues, Origin } from '../destination.ts';

/**
 * Where a file destination keeps its files: a folder or a container. A store knows nothing of items and conflict
 * handling; it makes whole files visible in one step. Names are as renderFileName makes them, parts joined by `/`.
 * All throw Failure: `item`, `immutable` where the storage lets nobody replace or remove a file.
 */
export interface FileStore {
  /** For messages: `folder /data/archive`. */
  readonly where: string;
  /** What is visible under the name; undefined when nothing is. */
  stat(name: string): Promise<FileStat | undefined>;
  /**
   * The bytes of a visible file, or those of a range of it that is not empty: what is asked for beyond its end does not
   * come. In constant memory.
   */
  read(name: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Opens a write to a place that is not visible. */
  begin(attempt: AttemptKey): Promise<FileAttempt>;
  /** Removes a visible file, only while it is still the one with this tag. Absent or another: false. */
  remove(name: string, tag: string): Promise<boolean>;
  /**
   * Everything in the destination's own folder, in no order: visible files, manifests, and where the store tells what
   * attempts have left in places that are not visible.
   */
  list(): AsyncIterable<ListedFile>;
  /** Whether files that are there can be neither replaced nor removed, as far as the store tells. */
  fixed(): Promise<boolean>;
  /**
   * Removes what attempts at this item left behind and have not touched for so many milliseconds; without an item,
   * what any attempt did. A store that cleans up by itself does nothing.
   */
  sweep(idleMs: number, item?: string): Promise<void>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly size: number;
  /** Another whenever the file is another; never comes back. */
  readonly tag: string;
  /** Hex, where the store knows it without reading the file. */
  readonly sha256?: string;
  /** Key of the item and evidence, where the store keeps them with the file. */
  readonly key?: string;
  readonly verified?: FileEvidence;
  /** Of the version of the item, for an item that changes. */
  readonly contentHash?: string;
}

export interface ListedFile {
  /** From the destination's folder on; what begins with `.` is no stored file, see store-name.ts. */
  readonly name: string;
  readonly size: number;
}

export interface AttemptKey {
  /** 32 hex digits made from the item's key. */
  readonly item: string;
  /** The name it will most likely get. */
  readonly name: string;
  readonly contentType?: string;
}

export interface FileAttempt {
  /** Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes all that was written durable and visible under the name, if what is there now is what `before` says:
   * nothing, or the file with this tag. May be called again after `changed`.
   */
  put(name: string, about: FileFacts, before: FileStat | undefined): Promise<PutResult>;
  /** Removes what is not visible, at any time. Never throws. */
  discard(): Promise<void>;
}

export type PutResult = { readonly status: 'put'; readonly tag: string } | { readonly status: 'changed' };

/** Kept with the file where the store can. */
export interface FileFacts {
  readonly key: string;
  readonly stream: string;
  readonly origin: Origin;
  readonly size: number;
  readonly sha256: string;
  readonly verified: FileEvidence;
  /** What its name is made of. */
  readonly values?: FileNameValues;
  readonly version?: { readonly hash: string };
}

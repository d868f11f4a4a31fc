import { createHash } from 'node:crypto';
import type {
  Destination,
  FileContent,
  FileItem,
  FileSink,
  StoredFile,
} from '../../shared/destinations/destination.ts';
import type { ConflictHandling } from '../../shared/destinations/file/conflict.ts';
import { openFileDestination } from '../../shared/destinations/file/file-destination.ts';
import type { FileStore } from '../../shared/destinations/file/file-store.ts';
import { silentLog } from '../../shared/log.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import type { Interruption } from '../support/interruption.ts';

/** An empty place for a file destination, with a look behind it. */
export interface FilePlace {
  readonly state: StateStore;
  /** A store as another process would open it. */
  openStore(): FileStore;
  /** All visible files. */
  list(): Promise<Map<string, string>>;
  /** A file that no destination wrote. */
  plant(name: string, content: string): Promise<void>;
  /** What is there and not visible, in number; undefined where the store does not tell. */
  unfinished(): Promise<number | undefined>;
  end(): Promise<void>;
}

export interface OpenOptions {
  readonly handling?: ConflictHandling;
  readonly format?: string;
  readonly interruption?: Interruption;
  readonly now?: () => Date;
  readonly retentionCount?: number;
  readonly linesPerManifest?: number;
}

export const destinationId = 'archive';

/** A destination as another process would open it. */
export function openAt(place: FilePlace, options: OpenOptions = {}): Destination {
  const { handling = 'AppendNumber', format = '%LSID%.%EXTENSION%', interruption, now } = options;
  const { retentionCount, linesPerManifest } = options;
  const store = place.openStore();
  return openFileDestination({
    id: destinationId,
    name: 'Archive',
    settings: { fileNameFormat: format, conflictHandling: handling, extension: 'guide', retentionCount },
    state: interruption === undefined ? place.state : interruption.state(place.state),
    store: interruption === undefined ? store : interruption.store(store),
    log: silentLog,
    ...(now === undefined ? {} : { now }),
    ...(linesPerManifest === undefined ? {} : { linesPerManifest }),
  });
}

export function sinkOf(destination: Destination): FileSink {
  if (destination.files === undefined) throw new Error('This destination takes no files.');
  return destination.files;
}

/** An item of its own; `lsid` is what its name is made of. */
export function itemOf(key: string, lsid = key, version?: FileItem['version']): FileItem {
  return {
    origin: { siteId: 'site', host: 'support.example.com', applianceId: 'A-1', apiVersion: '1.25.0' },
    stream: version === undefined ? 'session-recording' : 'session-data',
    key,
    values: {
      LSID: lsid,
      SESSION_TYPE: 'support',
      SUPPORT_SITE_HOST: 'support.example.com',
      EXTENSION: 'flv',
    },
    contentType: 'video/x-flv',
    ...(version === undefined ? {} : { version }),
  };
}

/** A version of a session's XML: closed, read at that second; its content follows from its hash. */
export const versionOf = (hash: string, readAt: number, closed = true) => ({ hash, readAt, closed });

export function contentOf(bytes: string | Uint8Array): FileContent {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { size: Buffer.byteLength(bytes), sha256, verified: 'length' };
}

export type Outcome =
  | { readonly status: 'stored' | 'unchanged' | 'older'; readonly file: StoredFile }
  | { readonly status: 'skipped'; readonly name: string };

/** Begin, write in chunks, commit: what a transfer does. */
export async function storeIn(
  destination: Destination,
  item: FileItem,
  bytes: string | Uint8Array,
  chunkBytes = 60_000,
): Promise<Outcome> {
  const begun = await sinkOf(destination).begin(item);
  if (begun.status !== 'write') return begun;
  const all = Buffer.from(bytes as string);
  try {
    for (let at = 0; at < all.byteLength; at += chunkBytes) {
      await begun.write.write(all.subarray(at, at + chunkBytes));
    }
  } catch (error) {
    await begun.write.abort();
    throw error;
  }
  return { status: 'stored', file: await begun.write.commit(contentOf(bytes)) };
}

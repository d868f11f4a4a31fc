import type { DirectoryItem, FileItem } from '@azure/storage-file-share';
import { azureStatus } from '../../state/azure-failure.ts';
import { type AzureLimits, flowing, storageLimits } from '../../state/azure-limits.ts';
import type { ByteRange } from '../destination.ts';
import type { AttemptKey, FileAttempt, FileStat, FileStore, ListedFile } from './file-store.ts';
import { ShareAttempt } from './share-attempt.ts';
import { openShare, type ShareAccount } from './share-client.ts';
import { isMissing, ShareFolder } from './share-folder.ts';
import { whileUnchanged } from './share-lease.ts';
import { incompleteFolder } from './store-name.ts';

export type ShareStoreOptions = ShareAccount & {
  readonly share: string;
  /** Folder in the share, without a slash at either end; empty = none. */
  readonly prefix?: string;
  /** Held in memory twice for each open write; at most 4 MiB, which is the default. */
  readonly rangeBytes?: number;
  /** How long a lease of another process on a file that is to be replaced is waited for. Default 10 s. */
  readonly patienceMs?: number;
};

type DirectoryEntry = ({ kind: 'file' } & FileItem) | ({ kind: 'directory' } & DirectoryItem);

const maxRangeBytes = 4 * 1024 * 1024;

/**
 * Files in a share of Azure Files that SMB serves; the share must be there, folders are made. Any number of processes
 * may work in it.
 *
 * @throws Failure `terminal`: `no-access`, `no-share`, `disk-full`, `no-identity`, `not-a-folder`, `storage-refused`;
 *   `transient`: `storage-busy`, `storage-unreachable`, `write-lost`; `item`: `immutable`, `too-large`, `name-refused`
 */
export function openShareStore(options: ShareStoreOptions): FileStore {
  return new ShareStore(new ShareFolder(openShare(options, options.share), options.prefix ?? ''), options);
}

class ShareStore implements FileStore {
  readonly where: string;
  readonly #folder: ShareFolder;
  readonly #rangeBytes: number;
  readonly #patienceMs: number;
  readonly #limits: AzureLimits;

  constructor(folder: ShareFolder, options: ShareStoreOptions) {
    const { rangeBytes = maxRangeBytes, patienceMs = 10_000, limits = storageLimits } = options;
    this.#folder = folder;
    this.where = folder.where;
    this.#rangeBytes = Math.min(rangeBytes, maxRangeBytes);
    this.#patienceMs = patienceMs;
    this.#limits = limits;
  }

  async stat(name: string): Promise<FileStat | undefined> {
    return this.#guard(async () => (await this.#folder.look(this.#folder.path(name)))?.stat);
  }

  async *read(name: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const part = range === undefined ? [] : [range.from, range.to - range.from];
    try {
      const { readableStreamBody } = await this.#folder.file(this.#folder.path(name)).download(...part);
      if (readableStreamBody !== undefined) yield* flowing(readableStreamBody, this.#limits);
    } catch (error) {
      throw this.#folder.failure(error);
    }
  }

  async begin({ item, contentType }: AttemptKey): Promise<FileAttempt> {
    return new ShareAttempt({
      folder: this.#folder,
      item,
      contentType,
      rangeBytes: this.#rangeBytes,
      patienceMs: this.#patienceMs,
    });
  }

  async remove(name: string, tag: string): Promise<boolean> {
    return this.#guard(async () => {
      const path = this.#folder.path(name);
      const removed = await whileUnchanged(this.#folder, path, tag, this.#patienceMs, (leaseId) =>
        this.#folder.file(path).deleteIfExists({ leaseAccessConditions: { leaseId } }),
      );
      return removed?.succeeded === true;
    });
  }

  async *list(): AsyncIterable<ListedFile> {
    const folders = [''];
    try {
      for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
        const path = folder;
        for await (const entry of this.#entries(path)) {
          const name = path === '' ? entry.name : `${path}/${entry.name}`;
          if (entry.kind === 'directory') folders.push(name);
          else yield { name, size: entry.properties.contentLength };
        }
      }
    } catch (error) {
      throw this.#folder.failure(error);
    }
  }

  /** Azure Files has no immutability policies. */
  async fixed(): Promise<boolean> {
    return false;
  }

  async *#entries(path: string): AsyncIterable<DirectoryEntry> {
    const folder = path === '' ? this.#folder.top() : this.#folder.hidden(path);
    try {
      yield* this.#folder.directory(folder).listFilesAndDirectories();
    } catch (error) {
      if (!isMissing(azureStatus(error).code)) throw error;
    }
  }

  async sweep(idleMs: number, item?: string): Promise<void> {
    await this.#guard(async () => {
      const folder = this.#folder.hidden(incompleteFolder);
      for (const name of await this.#leftovers(folder, idleMs, item)) {
        await this.#folder.file(`${folder}/${name}`).deleteIfExists();
      }
    });
  }

  async close(): Promise<void> {}

  async #leftovers(folder: string, idleMs: number, item: string | undefined): Promise<readonly string[]> {
    const names: string[] = [];
    const options = { includeTimestamps: true, ...(item === undefined ? {} : { prefix: item }) };
    try {
      for await (const page of this.#folder.directory(folder).listFilesAndDirectories(options).byPage()) {
        // Its clock, not ours: the times are its own. The header tells whole seconds.
        const now = (page.date ?? new Date()).getTime() + 1_000;
        for (const { name, properties } of page.segment.fileItems) {
          if (!/^[0-9a-f]{32}\.[0-9a-f-]{36}$/.test(name)) continue;
          const touched = [properties.lastWriteTime, properties.lastModified].map((at) => at?.getTime());
          // A time that is missing says nothing of how long it lies there.
          if (touched.every((at) => at !== undefined && now - at >= idleMs)) names.push(name);
        }
      }
    } catch (error) {
      if (!isMissing(azureStatus(error).code)) throw error;
    }
    return names;
  }

  async #guard<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw this.#folder.failure(error);
    }
  }
}

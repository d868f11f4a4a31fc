import { randomUUID } from 'node:crypto';
import { createReadStream, renameSync, statSync, unlinkSync } from 'node:fs';
import { lstat, open, opendir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../errors.ts';
import { makeFolder, syncFolder } from '../../state/durable-folder.ts';
import { errorCode, fileFailure } from '../../state/file-failure.ts';
import type { ByteRange } from '../destination.ts';
import { DirectoryLock } from './directory-lock.ts';
import type { AttemptKey, FileAttempt, FileStat, FileStore, ListedFile } from './file-store.ts';
import { LocalAttempt } from './local-attempt.ts';
import { toFileStat } from './local-stat.ts';
import { checkStoreName, incompleteFolder as incomplete } from './store-name.ts';

/**
 * Files in a folder of this machine or of a mounted share, made when absent. Any number of processes may work in it.
 *
 * @throws Failure `terminal`: `disk-full`, `no-access`, `not-a-folder`, `other-file-system`, `no-locks`;
 *   `transient`: `file-system`, `write-lost`; `item`: `name-refused`
 */
export function openLocalStore(directory: string, options: LocalStoreOptions = {}): FileStore {
  return new LocalStore(directory, options);
}

export interface LocalStoreOptions {
  /** false: do without hard links. Where a file system has none this is found out by itself. */
  readonly hardLinks?: boolean;
}

export class LocalStore implements FileStore {
  readonly where: string;
  readonly hardLinks: boolean;
  readonly #directory: string;
  readonly #lock: DirectoryLock;

  constructor(directory: string, { hardLinks = true }: LocalStoreOptions) {
    this.where = `folder ${directory}`;
    this.#directory = directory;
    this.hardLinks = hardLinks;
    this.#lock = new DirectoryLock(join(directory, incomplete, 'lock'));
  }

  async stat(name: string): Promise<FileStat | undefined> {
    const path = this.#path(name);
    return this.#guard(async () => toFileStat(await missingIsUndefined(() => stat(path, { bigint: true }))));
  }

  async *read(name: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    // Its end is the last byte that is read.
    const part = range === undefined ? {} : { start: range.from, end: range.to - 1 };
    try {
      yield* createReadStream(this.#path(name), { highWaterMark: 256 * 1024, ...part });
    } catch (error) {
      throw fileFailure(error, this.where);
    }
  }

  async begin(attempt: AttemptKey): Promise<FileAttempt> {
    return this.#guard(async () => {
      const folder = join(this.#directory, incomplete);
      await makeFolder(folder);
      const path = join(folder, `${attempt.item}.${randomUUID()}`);
      return new LocalAttempt(this, path, await open(path, 'wx'));
    });
  }

  async remove(name: string, tag: string): Promise<boolean> {
    const path = this.#path(name);
    return this.#guard(async () => {
      await makeFolder(join(this.#directory, incomplete));
      const removed = this.#locked(() => {
        if (statNow(path)?.tag !== tag) return false;
        unlinkSync(path);
        return true;
      });
      if (removed) await syncFolder(dirname(path));
      return removed;
    });
  }

  async *list(): AsyncIterable<ListedFile> {
    // A folder is opened when it is its turn: one handle, however many there are.
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const path = folder;
      const entries = await this.#guard(() => missingIsUndefined(() => opendir(join(this.#directory, path))));
      for await (const entry of entries ?? []) {
        const name = path === '' ? entry.name : `${path}/${entry.name}`;
        if (entry.isDirectory()) folders.push(name);
        else if (!name.startsWith(`${incomplete}/lock`)) {
          const found = await missingIsUndefined(() => lstat(join(this.#directory, name)));
          if (found !== undefined) yield { name, size: found.size };
        }
      }
    }
  }

  /** A folder knows no such thing; who may write in it may remove from it. */
  async fixed(): Promise<boolean> {
    return false;
  }

  async sweep(idleMs: number, item?: string): Promise<void> {
    await this.#guard(async () => {
      const folder = join(this.#directory, incomplete);
      const names = (await missingIsUndefined(() => readdir(folder))) ?? [];
      for (const name of names) {
        const owner = /^([0-9a-f]{32})\.[0-9a-f-]{36}$/.exec(name)?.[1];
        if (owner === undefined || (item !== undefined && owner !== item)) continue;
        const path = join(folder, name);
        const found = await missingIsUndefined(() => stat(path));
        if (found !== undefined && Date.now() - found.mtimeMs >= idleMs) await rm(path, { force: true });
      }
    });
  }

  async close(): Promise<void> {
    this.#lock.close();
  }

  /** Moves a finished attempt to its name while the lock makes sure that nothing changes in between. */
  replaceLocked(from: string, name: string, before: FileStat | undefined): boolean {
    const path = this.#path(name);
    return this.#locked(() => {
      if (statNow(path)?.tag !== before?.tag) return false;
      renameSync(from, path);
      return true;
    });
  }

  /** The path of a name, its folders made. */
  async prepare(name: string): Promise<string> {
    const path = this.#path(name);
    await makeFolder(dirname(path));
    return path;
  }

  /** Makes the name durable, with the folders it lies in: another process may have made them a moment ago. */
  async syncName(name: string): Promise<void> {
    const parts = name.split('/');
    while (parts.pop() !== undefined) await syncFolder(join(this.#directory, ...parts));
  }

  #path(name: string): string {
    checkStoreName(name);
    return join(this.#directory, name);
  }

  #locked<R>(work: () => R): R {
    try {
      return this.#lock.run(work);
    } catch (error) {
      if (errorCode(error) !== 'ERR_SQLITE_ERROR') throw error;
      const text = error instanceof Error ? error.message : 'unknown error';
      const busy = /locked|busy/i.test(text);
      throw new Failure(
        busy ? 'transient' : 'terminal',
        busy ? 'file-system' : 'no-locks',
        `The lock file in ${this.where} cannot be used: ${text}. A destination needs file locks.`,
        { cause: error },
      );
    }
  }

  async #guard<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(error, this.where);
    }
  }
}

function statNow(path: string): FileStat | undefined {
  try {
    return toFileStat(statSync(path, { bigint: true, throwIfNoEntry: false }));
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function missingIsUndefined<R>(work: () => Promise<R>): Promise<R | undefined> {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

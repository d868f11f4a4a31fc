import { type FileHandle, link, rm, stat } from 'node:fs/promises';
import { Failure } from '../../errors.ts';
import { errorCode, fileFailure } from '../../state/file-failure.ts';
import type { FileAttempt, FileFacts, FileStat, PutResult } from './file-store.ts';
import { toFileStat } from './local-stat.ts';
import type { LocalStore } from './local-store.ts';

/** What a file system that has no hard links says to the call for one. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** Given to the file system at once: a call for each of an appliance's small chunks would cost more than the bytes. */
const WRITE_BYTES = 256 * 1024;

/** One unfinished file in the store's hidden folder. Some bytes are written while the next are gathered. */
export class LocalAttempt implements FileAttempt {
  readonly #store: LocalStore;
  readonly #path: string;
  #file: FileHandle | undefined;
  #missing = false;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: LocalStore, path: string, file: FileHandle) {
    this.#store = store;
    this.#path = path;
    this.#file = file;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      if (this.#file === undefined) throw new Error('This write has ended.');
      this.#gathered.push(chunk);
      this.#gatheredBytes += chunk.byteLength;
      if (this.#gatheredBytes >= WRITE_BYTES) await this.#pass(this.#file);
    });
  }

  /** Resolves when what was passed on before is written. */
  async #pass(file: FileHandle): Promise<void> {
    await this.#writing;
    this.#writing = writeAll(file, this.#gathered);
    // It is awaited before the next one; until then its failure is not an unhandled one.
    this.#writing.catch(() => undefined);
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  async put(name: string, _about: FileFacts, before: FileStat | undefined): Promise<PutResult> {
    return this.#guard(async () => {
      await this.#finish();
      const target = await this.#store.prepare(name);
      const done = before === undefined ? await this.#create(name, target) : this.#replace(name, before);
      if (!done) return { status: 'changed' };
      const tag = toFileStat(await stat(target, { bigint: true }))?.tag ?? '';
      await this.#store.syncName(name);
      await rm(this.#path, { force: true });
      return { status: 'put', tag };
    });
  }

  async discard(): Promise<void> {
    // What cannot be removed now is swept later.
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    await this.#pass(file);
    await this.#writing;
    await file.sync();
    this.#file = undefined;
    await file.close();
  }

  /** A hard link is the one call that makes a name only where there is none. */
  async #create(name: string, target: string): Promise<boolean> {
    if (!this.#store.hardLinks) return this.#replace(name, undefined);
    try {
      await link(this.#path, target);
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') return false;
      if (code === 'ENOENT') return this.#gone(error);
      if (!noLinks.has(code)) throw error;
      return this.#replace(name, undefined);
    }
  }

  #replace(name: string, before: FileStat | undefined): boolean {
    try {
      return this.#store.replaceLocked(this.#path, name, before);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#gone(error);
      throw error;
    }
  }

  /**
   * The unfinished file is gone: most likely another attempt has stored the item and cleared up behind itself. The
   * caller looks again, and only if there is still something to write it is a failure.
   */
  #gone(cause: unknown): false {
    if (this.#missing) {
      const told = `An unfinished file in ${this.#store.where} was removed while it was written; it is fetched again.`;
      throw new Failure('transient', 'write-lost', told, { cause });
    }
    this.#missing = true;
    return false;
  }

  async #guard<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(error, this.#store.where);
    }
  }
}

/** The system may take a part only, above all where the disk is nearly full: the rest then fails with its reason. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  if (chunks.length === 0) return;
  let { bytesWritten } = await file.writev(chunks);
  for (const chunk of chunks) {
    const left = chunk.subarray(Math.min(bytesWritten, chunk.byteLength));
    bytesWritten -= chunk.byteLength - left.byteLength;
    if (left.byteLength > 0) await file.writeFile(left);
  }
}

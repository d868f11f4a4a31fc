import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, syncFolder } from './durable-folder.ts';
import { errorCode, fileFailure } from './file-failure.ts';
import {
  checkStagingName,
  type StagedContent,
  type StagedRange,
  type StagingStore,
  stagingMissing,
} from './staging.ts';

/** Unfinished files lie here, out of the reach of names. */
const partial = '.partial';
const deadAfterMs = 24 * 3600 * 1000;

/** Staging in a local folder, made on first use. */
export function openFolderStaging(folder: string): StagingStore {
  return new FolderStaging(folder);
}

class FolderStaging implements StagingStore {
  readonly #folder: string;
  readonly #where: string;
  #ready: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#where = `the staging folder ${folder}`;
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<StagedContent> {
    checkStagingName(name);
    return this.#guard(async (own) => {
      this.#ready ??= own(this.#prepare());
      await this.#ready.catch((error: unknown) => {
        this.#ready = undefined;
        throw error;
      });
      const temporary = join(this.#folder, partial, randomUUID());
      const file = await own(open(temporary, 'wx', 0o600));
      try {
        const hash = createHash('sha256');
        let bytes = 0;
        try {
          for await (const chunk of chunks) {
            hash.update(chunk);
            bytes += chunk.byteLength;
            await own(file.writeFile(chunk));
          }
          await own(file.sync());
        } finally {
          await file.close();
        }
        await own(this.#publish(temporary, join(this.#folder, name)));
        return { bytes, sha256: hash.digest('hex') };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  async *read(name: string, range?: StagedRange): AsyncIterable<Uint8Array> {
    checkStagingName(name);
    const part = range === undefined ? {} : { start: range.from, end: range.to - 1 };
    try {
      yield* createReadStream(join(this.#folder, name), { highWaterMark: 256 * 1024, ...part });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw stagingMissing(name, this.#where);
      throw fileFailure(error, this.#where);
    }
  }

  async remove(name: string): Promise<void> {
    checkStagingName(name);
    await this.#guard(async (own) => {
      await own(rm(join(this.#folder, name), { force: true }));
      // Folders go when they are empty; one that is filled again at this moment stays.
      const parts = name.split('/').slice(0, -1);
      for (; parts.length > 0; parts.pop()) {
        const removed = await rmdir(join(this.#folder, ...parts)).then(
          () => true,
          () => false,
        );
        if (!removed) return;
      }
    });
  }

  async *list(prefix: string): AsyncIterable<{ readonly name: string }> {
    const names: string[] = [];
    await this.#walk('', prefix, names);
    for (const name of names.sort()) yield { name };
  }

  async #walk(folder: string, prefix: string, names: string[]): Promise<void> {
    let entries: Dirent[];
    try {
      entries = await readdir(join(this.#folder, folder), { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw fileFailure(error, this.#where);
    }
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (name.startsWith(prefix) || prefix.startsWith(`${name}/`)) await this.#walk(name, prefix, names);
      } else if (name.startsWith(prefix)) names.push(name);
    }
  }

  async #prepare(): Promise<void> {
    const folder = join(this.#folder, partial);
    await makeFolder(folder, 0o700);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const age = await stat(path).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age > deadAfterMs) await rm(path, { force: true });
    }
  }

  async #publish(temporary: string, path: string): Promise<void> {
    for (let turn = 0; ; turn++) {
      await makeFolder(dirname(path), 0o700);
      try {
        await rename(temporary, path);
        break;
      } catch (error) {
        // A folder may be removed as empty between the two.
        if (errorCode(error) !== 'ENOENT' || turn === 5) throw error;
      }
    }
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === this.#folder || folder === dirname(folder)) return;
    }
  }

  /** Errors of the folder become Failures; those of the source go through as they are, whatever their code. */
  async #guard<R>(work: (own: <T>(call: Promise<T>) => Promise<T>) => Promise<R>): Promise<R> {
    const own = <T>(call: Promise<T>) =>
      call.catch((error: unknown) => {
        throw fileFailure(error, this.#where);
      });
    return work(own);
  }
}

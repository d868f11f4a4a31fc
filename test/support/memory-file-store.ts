import { createHash } from 'node:crypto';
import type {
  AttemptKey,
  FileAttempt,
  FileStat,
  FileStore,
} from '../../shared/destinations/file/file-store.ts';
import { foldName } from '../../shared/destinations/file/safe-name.ts';

interface Visible {
  readonly name: string;
  readonly bytes: Buffer;
  readonly tag: string;
}

/** A file store in memory that keeps to the port, for tests that need thousands of runs. Capitals are not told apart. */
export class MemoryFiles {
  readonly visible = new Map<string, Visible>();
  readonly unfinished = new Map<number, string>();
  #last = 0;

  next(): number {
    return ++this.#last;
  }

  set(name: string, bytes: Buffer): string {
    const tag = `t${this.next()}`;
    this.visible.set(foldName(name), { name, bytes, tag });
    return tag;
  }

  open(): FileStore {
    const files = this;
    return {
      where: 'memory',
      async stat(name) {
        return statOf(files.visible.get(foldName(name)));
      },
      async *read(name, range) {
        const found = files.visible.get(foldName(name));
        if (found === undefined) throw new Error(`${name} is not there`);
        yield range === undefined ? found.bytes : found.bytes.subarray(range.from, range.to);
      },
      async begin(key) {
        return attempt(files, key);
      },
      async remove(name, tag) {
        if (files.visible.get(foldName(name))?.tag !== tag) return false;
        return files.visible.delete(foldName(name));
      },
      async *list() {
        for (const { name, bytes } of [...files.visible.values()]) yield { name, size: bytes.byteLength };
      },
      async fixed() {
        return false;
      },
      async sweep(idleMs, item) {
        for (const [id, owner] of files.unfinished) {
          if (idleMs === 0 && owner === item) files.unfinished.delete(id);
        }
      },
      async close() {},
    };
  }
}

function statOf(found: Visible | undefined): FileStat | undefined {
  return found === undefined ? undefined : { size: found.bytes.byteLength, tag: found.tag };
}

function attempt(files: MemoryFiles, key: AttemptKey): FileAttempt {
  const id = files.next();
  files.unfinished.set(id, key.item);
  const parts: Uint8Array[] = [];
  let missed = false;
  return {
    async write(chunk) {
      parts.push(Uint8Array.from(chunk));
    },
    async put(name, about, before) {
      const bytes = Buffer.concat(parts);
      if (createHash('sha256').update(bytes).digest('hex') !== about.sha256)
        throw new Error('not what was written');
      if (!files.unfinished.has(id)) {
        if (missed) throw new Error('the unfinished file is gone');
        missed = true;
        return { status: 'changed' };
      }
      if (files.visible.get(foldName(name))?.tag !== before?.tag) return { status: 'changed' };
      files.unfinished.delete(id);
      return { status: 'put', tag: files.set(name, bytes) };
    },
    async discard() {
      files.unfinished.delete(id);
    },
  };
}

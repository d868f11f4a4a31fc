import { Failure } from '../../errors.ts';
import type { FileAttempt, FileStore } from './file-store.ts';

/** A store knows nothing of the destination it serves: its failures get the Destination Name put in front. */
export function namedStore(store: FileStore, name: string): FileStore {
  return {
    where: store.where,
    stat: (file) => named(name, () => store.stat(file)),
    read: (file, range) => namedEach(name, store.read(file, range)),
    list: () => namedEach(name, store.list()),
    fixed: () => named(name, () => store.fixed()),
    async begin(key): Promise<FileAttempt> {
      const attempt = await named(name, () => store.begin(key));
      return {
        write: (chunk) => named(name, () => attempt.write(chunk)),
        put: (file, about, before) => named(name, () => attempt.put(file, about, before)),
        discard: () => attempt.discard(),
      };
    },
    remove: (file, tag) => named(name, () => store.remove(file, tag)),
    sweep: (idleMs, item) => named(name, () => store.sweep(idleMs, item)),
    close: () => store.close(),
  };
}

async function* namedEach<T>(name: string, values: AsyncIterable<T>): AsyncIterable<T> {
  const each = values[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await named(name, () => each.next());
      if (done) return;
      yield value;
    }
  } finally {
    await each.return?.();
  }
}

async function named<R>(name: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { kind, code, message, retryAfterMs } = error;
    throw new Failure(kind, code, `Destination "${name}": ${message}`, {
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

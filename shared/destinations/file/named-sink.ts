import { Failure } from '../../errors.ts';
import type { FileBegin, FileSink, FileWrite } from '../destination.ts';

/** A store knows nothing of the destination it serves: failures get its name put in front, those that have it stay. */
export function namedSink(sink: FileSink, name: string): FileSink {
  return {
    extension: sink.extension,
    find: (key) => named(name, () => sink.find(key)),
    begin: async (item): Promise<FileBegin> => {
      const begun = await named(name, () => sink.begin(item));
      return begun.status === 'write' ? { ...begun, write: namedWrite(begun.write, name) } : begun;
    },
  };
}

function namedWrite(write: FileWrite, name: string): FileWrite {
  return {
    name: write.name,
    write: (chunk) => named(name, () => write.write(chunk)),
    commit: (content) => named(name, () => write.commit(content)),
    abort: () => write.abort(),
  };
}

/** @param name Destination Name */
export async function named<R>(name: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.message.includes(`"${name}"`)) throw error;
    const { kind, code, message, retryAfterMs } = error;
    throw new Failure(kind, code, `Destination "${name}": ${message}`, {
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

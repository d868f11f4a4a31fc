import type { Log } from '../log.ts';
import type {
  Destination,
  FileBegin,
  FileContent,
  FileSink,
  FileWrite,
  ItemStatus,
  SessionSink,
  StoredFile,
  StoredFileSink,
  StoreOutcome,
} from './destination.ts';
import { type Guarded, guarded } from './guard.ts';
import { isRecord } from './packaged-plugin.ts';

const MINUTE = 60_000;
/** How long a call may take: far longer than any that goes well, so that one that hangs comes to an end. */
const limits = {
  store: 10 * MINUTE,
  find: 2 * MINUTE,
  begin: 5 * MINUTE,
  write: 5 * MINUTE,
  commit: 30 * MINUTE,
  abort: MINUTE,
  check: 2 * MINUTE,
  close: MINUTE,
};

/** A destination from a package, held to its contract: what breaks it is a failure of this destination alone. */
export function guardDestination(
  raw: unknown,
  at: Guarded,
  own: Pick<Destination, 'id' | 'name'>,
  log: Log,
): Destination {
  const given = object(raw, 'open gave no destination');
  const call = (name: 'check' | 'close') =>
    guarded(at, name, limits[name], () => method(given, name)() as Promise<void>);
  for (const name of ['check', 'close']) method(given, name);
  const { sessions, files, reports, storedFiles } = given;
  return {
    ...own,
    ...(sessions === undefined ? {} : { sessions: guardSessions(object(sessions, 'bad sessions'), at) }),
    ...(files === undefined ? {} : { files: guardFiles(object(files, 'bad files'), at, log) }),
    ...(reports === undefined ? {} : { reports: guardFiles(object(reports, 'bad reports'), at, log) }),
    ...(storedFiles === undefined
      ? {}
      : { storedFiles: guardNotes(object(storedFiles, 'bad storedFiles'), at) }),
    check: () => call('check'),
    close: () => call('close'),
  };
}

function guardNotes(sink: Raw, at: Guarded): StoredFileSink {
  const note = method(sink, 'note');
  return {
    note: (...input) =>
      guarded(at, 'noting stored files', limits.store, async () => {
        await note(...input);
      }),
  };
}

const statuses: readonly unknown[] = ['stored', 'replaced', 'unchanged', 'older', 'rejected'];

function guardSessions(sink: Raw, at: Guarded): SessionSink {
  const store = method(sink, 'store');
  const statusOf = sink.statusOf === undefined ? undefined : method(sink, 'statusOf');
  return {
    ...(statusOf === undefined
      ? {}
      : {
          statusOf: (host, lsids) =>
            guarded(at, 'looking for sessions', limits.find, async () => {
              const found = await statusOf(host, lsids);
              if (found instanceof Map && [...found.values()].every((status) => isStatus(status, 2)))
                return found;
              throw new Error('it gave no Map of what is stored');
            }),
        }),
    store: (origin, sessions) =>
      guarded(at, 'storing sessions', limits.store, async () => {
        const outcomes = await store(origin, sessions);
        // One too few would be a session that nobody misses.
        if (!Array.isArray(outcomes) || outcomes.length !== sessions.length)
          throw new Error(`it does not say what became of each of ${sessions.length} sessions`);
        if (!outcomes.every((outcome) => isRecord(outcome) && statuses.includes(outcome.status)))
          throw new Error('it gave an outcome that the contract does not know');
        return outcomes as StoreOutcome[];
      }),
  };
}

function guardFiles(sink: Raw, at: Guarded, log: Log): FileSink {
  const find = method(sink, 'find');
  const begin = method(sink, 'begin');
  const statusOf = sink.statusOf === undefined ? undefined : method(sink, 'statusOf');
  return {
    ...(statusOf === undefined
      ? {}
      : {
          statusOf: (key) =>
            guarded(at, 'looking for a file', limits.find, async () => {
              const status = await statusOf(key);
              if (status === undefined || isStatus(status, 3)) return status as ItemStatus | undefined;
              throw new Error('it gave a status that the contract does not know');
            }),
        }),
    extension: sink.extension === 'as-served' ? 'as-served' : 'guide',
    find: (key) =>
      guarded(at, 'looking for a file', limits.find, async () => {
        const found = await find(key);
        return found === undefined || found === null ? undefined : storedFile(found);
      }),
    begin: (item) =>
      guarded(at, 'beginning a file', limits.begin, async (): Promise<FileBegin> => {
        const begun = object(await begin(item), 'begin gave nothing');
        switch (begun.status) {
          case 'unchanged':
          case 'older':
            return { status: begun.status, file: storedFile(begun.file) };
          case 'skipped':
            return { status: 'skipped', name: String(begun.name) };
          case 'write':
            return {
              status: 'write',
              write: guardWrite(object(begun.write, 'begin gave no write'), at, log),
            };
          default:
            throw new Error('it began a file with a status that the contract does not know');
        }
      }),
  };
}

const known: readonly unknown[] = ['stored', 'not-final', 'settled'] satisfies ItemStatus[];

/** One of the first so many. */
function isStatus(value: unknown, first: number): boolean {
  return known.slice(0, first).includes(value);
}

function guardWrite(raw: Raw, at: Guarded, log: Log): FileWrite {
  const [write, commit, abort] = [method(raw, 'write'), method(raw, 'commit'), method(raw, 'abort')];
  return {
    name: String(raw.name),
    write: (chunk) => guarded(at, 'writing a file', limits.write, () => write(chunk) as Promise<void>),
    commit: (content) =>
      guarded(at, 'storing a file', limits.commit, async () =>
        sameFile(storedFile(await commit(content)), content),
      ),
    async abort() {
      try {
        await guarded(at, 'giving up a file', limits.abort, () => abort());
      } catch (error) {
        log.warn(String((error as Error).message), { destination: at.destination });
      }
    },
  };
}

function sameFile(file: StoredFile, content: FileContent): StoredFile {
  if (file.size === content.size && file.sha256 === content.sha256) return file;
  throw new Error('it stored other bytes than it was given');
}

function storedFile(value: unknown): StoredFile {
  const file = object(value, 'it did not say which file it has');
  const { name, size, sha256 } = file;
  if (typeof name === 'string' && Number.isSafeInteger(size) && /^[0-9a-f]{64}$/.test(String(sha256)))
    return file as unknown as StoredFile;
  throw new Error('it did not say name, size and SHA-256 of a file that it has');
}

type Raw = Record<string, unknown>;

function object(value: unknown, otherwise: string): Raw {
  if (isRecord(value)) return value;
  throw new Error(otherwise);
}

function method(of: Raw, name: string): (...input: unknown[]) => unknown {
  const found = of[name];
  if (typeof found !== 'function') throw new Error(`there is no function ${name}`);
  return found.bind(of);
}

import { createHash } from 'node:crypto';
import type { FileDownload } from '../appliance/appliance.ts';
import type { FileContent, FileItem, FileSink, FileWrite, Origin } from '../destinations/destination.ts';
import { Failure } from '../errors.ts';
import { stateKey } from '../state/state-store.ts';
import type { FileDescription, FileStream, StreamId } from '../streams/stream.ts';
import { servedExtension } from './served-extension.ts';
import { ZipEnd } from './zip-end.ts';

/** The item's key at every destination: the recorded host stands for the appliance, whatever the site is called. */
export function fileKey(origin: Origin, stream: StreamId, key: string): string {
  return stateKey(origin.host, stream, key);
}

/** A file on its way. `end-tag`: the chunks come to an end only if the document does. */
export interface Download extends Omit<FileDownload, 'evidence'> {
  readonly evidence: FileDownload['evidence'] | { readonly kind: 'end-tag' };
}

export interface FetchFile {
  readonly origin: Origin;
  readonly stream: FileStream;
  readonly item: FileDescription;
  readonly sinks: ReadonlyMap<string, FileSink>;
  /**
   * Asks the appliance; undefined: it has nothing. Called a second time only where nothing says that the first body
   * was whole.
   */
  open(): Promise<Download | undefined>;
  /** Id of the run. */
  readonly run: string;
  readonly signal: AbortSignal;
}

export type FileOutcome =
  /** The appliance has nothing here, and that is all there is to it. */
  | { readonly status: 'empty' }
  | {
      readonly status: 'stored' | 'unchanged' | 'older' | 'skipped';
      readonly bytes: number;
      readonly unverified?: true;
    }
  | { readonly status: 'failed'; readonly error: unknown };

/**
 * Reads one file from the appliance once and writes it to every sink, in constant memory. A sink that fails drops out
 * and holds back itself alone. Throws what the appliance's side throws; then no sink has anything.
 */
export async function fetchFile(request: FetchFile): Promise<Map<string, FileOutcome>> {
  const outcomes = new Map<string, FileOutcome>();
  const download = await request.open();
  if (!download) {
    for (const id of request.sinks.keys()) outcomes.set(id, { status: 'empty' });
    return outcomes;
  }
  const writes = new Map<string, FileWrite>();
  try {
    for (const [id, sink] of request.sinks) {
      const begun = await settle(() => sink.begin(fileItem(request, sink, download)));
      if ('error' in begun) outcomes.set(id, { status: 'failed', error: begun.error });
      else if (begun.value.status === 'write') writes.set(id, begun.value.write);
      else outcomes.set(id, { status: begun.value.status, bytes: 0 });
    }
    if (writes.size === 0) {
      await abandon(download);
      return outcomes;
    }
    const read = await copy(request, download, writes, outcomes);
    if (writes.size === 0) return outcomes;
    const content = await verify(request, download, read);
    for (const [id, write] of writes) {
      if (await isThere(request, id, content)) {
        await write.abort();
        writes.delete(id);
        outcomes.set(id, { status: 'unchanged', bytes: 0 });
        continue;
      }
      const committed = await settle(() => write.commit(content));
      writes.delete(id);
      if ('error' in committed) outcomes.set(id, { status: 'failed', error: committed.error });
      else
        outcomes.set(id, {
          status: 'stored',
          bytes: content.size,
          ...(content.verified === 'unverified' ? { unverified: true } : {}),
        });
    }
    return outcomes;
  } finally {
    for (const write of writes.values()) await write.abort();
  }
}

/** Read again, and the same as before. */
async function isThere({ origin, stream, item, sinks }: FetchFile, id: string, content: FileContent) {
  if (item.again === undefined) return false;
  const before = await sinks.get(id)?.find(fileKey(origin, stream.id, item.again));
  return before?.sha256 === content.sha256;
}

function fileItem(request: FetchFile, sink: FileSink, download: Download): FileItem {
  const { origin, stream, item, run } = request;
  const { defaultFormat } = stream;
  const extension =
    sink.extension === 'as-served' ? servedExtension(download, item.extension) : item.extension;
  return {
    origin,
    run,
    stream: stream.id,
    key: fileKey(origin, stream.id, item.key),
    values: { ...item.values, SUPPORT_SITE_HOST: origin.host, EXTENSION: extension },
    ...(defaultFormat === undefined ? {} : { defaultFormat }),
    ...(item.again === undefined ? {} : { replaces: fileKey(origin, stream.id, item.again) }),
    ...(download.contentType === undefined ? {} : { contentType: download.contentType }),
  };
}

interface Copied {
  readonly size: number;
  readonly sha256: string;
  /** Of a ZIP. */
  readonly hasEnd?: boolean;
}

async function copy(
  { item, signal }: FetchFile,
  download: Download,
  writes: Map<string, FileWrite>,
  outcomes: Map<string, FileOutcome>,
): Promise<Copied> {
  // Hashing is most of what a large file costs: done once where a sink does it anyway, its count of bytes beside ours.
  const hashes = [...writes.values()].every(({ digest }) => digest !== undefined);
  const hash = hashes ? undefined : createHash('sha256');
  const end = item.extension === 'zip' ? new ZipEnd() : undefined;
  let size = 0;
  for await (const chunk of download.chunks) {
    signal.throwIfAborted();
    hash?.update(chunk);
    end?.take(chunk);
    size += chunk.length;
    await Promise.all(
      [...writes].map(async ([id, write]) => {
        const written = await settle(() => write.write(chunk));
        if (!('error' in written)) return;
        writes.delete(id);
        outcomes.set(id, { status: 'failed', error: written.error });
        await write.abort();
      }),
    );
    if (writes.size === 0) break;
  }
  const [first] = writes.values();
  const sha256 = hash?.digest('hex') ?? first?.digest?.() ?? '';
  return { size, sha256, ...(end === undefined ? {} : { hasEnd: end.isWhole }) };
}

/** Rule: truncation is an error, and where nothing tells a whole body from a cut one, a second reading has to. */
async function verify(
  request: FetchFile,
  { evidence }: Download,
  { hasEnd, ...read }: Copied,
): Promise<FileContent> {
  if (evidence.kind === 'length') {
    if (evidence.bytes === read.size) return { ...read, verified: 'length' };
    throw truncated(request, `${read.size} of ${evidence.bytes} bytes came`);
  }
  if (evidence.kind !== 'none') return { ...read, verified: evidence.kind };
  if (hasEnd === true) return { ...read, verified: 'zip-end' };
  const second = await request.open();
  if (!second) throw truncated(request, 'nothing was there when it was read again');
  const again = await reread(second, request.signal);
  if (again.sha256 === read.sha256) return { ...read, verified: 'read-twice' };
  if (request.stream.from === 'snapshot' && isAsLong(read.size, again.size))
    return { ...read, verified: 'unverified' };
  throw truncated(
    request,
    `two readings differ (${read.size} and ${again.size} bytes) and nothing tells the length`,
  );
}

/**
 * A snapshot differs at each reading, so its hashes cannot be compared. Its length hardly does within seconds: a first
 * reading that is shorter, or a second that is much shorter, says that a connection ended early.
 */
function isAsLong(first: number, second: number): boolean {
  return second <= first && first - second <= first / 100;
}

async function reread(download: Download, signal: AbortSignal): Promise<Copied> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of download.chunks) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}

function truncated({ origin, stream, item }: FetchFile, what: string): Failure {
  return new Failure(
    'transient',
    'truncated',
    `${stream.id} ${item.key} of ${origin.host} is not whole: ${what}.`,
  );
}

async function abandon(download: Download): Promise<void> {
  // Leaving the loop at once ends the connection.
  for await (const _ of download.chunks) break;
}

async function settle<T>(
  does: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await does() };
  } catch (error) {
    return { error };
  }
}

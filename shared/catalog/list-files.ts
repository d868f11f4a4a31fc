import { listItemsByTime, listItemsUnder } from '../destinations/file/catalog.ts';
import type { DestinationSetting } from '../settings/destination.ts';
import { type StateStore, stateKey } from '../state/state-store.ts';
import { streams } from '../streams/index.ts';
import { compactInstant } from '../streams/instant.ts';
import type { StreamId } from '../streams/stream.ts';
import type { SessionRecord } from './session-record.ts';
import { type ListedFile, listedFiles } from './stored-file.ts';

/** Destinations that keep a catalog of files which can be looked into here. */
export function hasCatalog({ plugin }: Pick<DestinationSetting, 'plugin'>): boolean {
  return plugin === 'file';
}

/** Data types whose files belong to no session: they are listed by time. */
export const timedStreams = streams.filter(({ from }) => from !== 'session-report').map(({ id }) => id);

/** Every file of a session at every destination that has a catalog: a few ranges of keys, however much is stored. */
export async function filesOfSession(
  state: StateStore,
  destinations: readonly DestinationSetting[],
  { lsid, hosts, kind }: Pick<SessionRecord, 'lsid' | 'hosts' | 'kind'>,
): Promise<ListedFile[]> {
  const types = streams.filter((stream) => stream.from === 'session-report' && stream.report === kind);
  const files: ListedFile[] = [];
  for (const { id } of destinations.filter(hasCatalog)) {
    const places = hosts.flatMap((host) => types.map((stream) => stateKey(host, stream.id, lsid)));
    const found = await Promise.all(places.map((place) => listItemsUnder(state, id, place)));
    files.push(...found.flat().flatMap((item) => listedFiles(id, item)));
  }
  return files;
}

export interface FilesByTime {
  readonly destinations: readonly DestinationSetting[];
  /** The recorded host name. */
  readonly host: string;
  readonly stream: StreamId;
  /** Of the due instant or the bucket's start: [from, to), Unix seconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Items: one that has several versions brings them all. */
  readonly limit: number;
  readonly after?: FilesPlace | undefined;
}

export interface FilesPlace {
  readonly destination: string;
  readonly key?: string | undefined;
}

/** A page of files, destination after destination, each in the order of time. */
export async function filesByTime(
  state: StateStore,
  { destinations, host, stream, from, to, limit, after }: FilesByTime,
): Promise<{ readonly files: ListedFile[]; readonly next?: FilesPlace }> {
  const ids = destinations.filter(hasCatalog).map(({ id }) => id);
  const instants = {
    host,
    stream,
    ...(from === undefined ? {} : { from: compactInstant(Math.ceil(from)) }),
    ...(to === undefined ? {} : { to: compactInstant(Math.ceil(to)) }),
  };
  const files: ListedFile[] = [];
  let left = limit;
  for (const id of after ? ids.slice(Math.max(0, ids.indexOf(after.destination))) : ids) {
    if (left === 0) return { files, next: { destination: id } };
    const key = id === after?.destination ? after.key : undefined;
    const page = await listItemsByTime(state, id, instants, left, key);
    files.push(...page.items.flatMap((item) => listedFiles(id, item)));
    left -= page.items.length;
    if (page.next !== undefined) return { files, next: { destination: id, key: page.next } };
  }
  return { files };
}

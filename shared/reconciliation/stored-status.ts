import type { Destination, FileSink, ItemStatus } from '../destinations/destination.ts';
import type { Stream } from '../streams/stream.ts';
import { fileKey } from '../transfer/fetch-file.ts';
import { pool } from '../transfer/pool.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';

const LOOK_UPS_AT_ONCE = 16;
const SESSIONS_A_REQUEST = 300;

/**
 * What the destination has of these items, by item key; what is not in it is not there. `undefined`: it cannot tell,
 * since the package that brings it does not say what it has.
 */
export function statusOf(
  at: Pick<SiteWork, 'origin'>,
  { stream, destination }: Pick<OpenTransfer, 'stream' | 'destination'>,
  keys: readonly string[],
): Promise<Map<string, ItemStatus> | undefined> {
  if (destination.sessions && stream.content === 'session')
    return sessionsStatus(at, destination.sessions, keys);
  const sink = sinkOf(destination, stream);
  return sink ? filesStatus(at, sink, stream, keys) : Promise.resolve(undefined);
}

async function sessionsStatus(
  { origin }: Pick<SiteWork, 'origin'>,
  sink: NonNullable<Destination['sessions']>,
  lsids: readonly string[],
): Promise<Map<string, ItemStatus> | undefined> {
  if (!sink.statusOf) return undefined;
  const found = new Map<string, ItemStatus>();
  for (let from = 0; from < lsids.length; from += SESSIONS_A_REQUEST) {
    const some = await sink.statusOf(origin.host, lsids.slice(from, from + SESSIONS_A_REQUEST));
    for (const [lsid, status] of some) found.set(lsid, status);
  }
  return found;
}

async function filesStatus(
  { origin }: Pick<SiteWork, 'origin'>,
  sink: FileSink,
  stream: Stream,
  keys: readonly string[],
): Promise<Map<string, ItemStatus>> {
  const found = new Map<string, ItemStatus>();
  await pool(keys, LOOK_UPS_AT_ONCE, async (key) => {
    const id = fileKey(origin, stream.id, key);
    const status = sink.statusOf ? await sink.statusOf(id) : (await sink.find(id)) && 'stored';
    if (status !== undefined) found.set(key, status);
  });
  return found;
}

function sinkOf({ files, reports }: Destination, { from }: Stream): FileSink | undefined {
  return files ?? (from === 'bucket' ? reports : undefined);
}

import type { Destination } from '../destinations/destination.ts';
import { ImportReader } from '../imports/import-reader.ts';
import type { ImportRecord } from '../imports/import-record.ts';
import { readImported } from '../imports/imported-session.ts';
import type { Transfer } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Session } from '../sessions/session.ts';
import type { Settings } from '../settings/settings.ts';
import type { Site } from '../settings/site.ts';
import { streamOf } from '../streams/index.ts';
import type { Stream } from '../streams/stream.ts';
import { isFinal } from '../transfer/open-sessions.ts';
import { faultText } from '../transfer/split-import.ts';
import { originOf } from '../transfer/work.ts';
import type { Forecast, TransferForecast } from './forecast.ts';
import { statusOf } from './stored-status.ts';

export interface ImportForecast extends Forecast {
  /** XML files in it. */
  readonly files: number;
  readonly sessions: number;
  /** What cannot be read; the first of them are told. */
  readonly broken: number;
  readonly faults: readonly string[];
  /** The import was read to its end; else these are the figures of its beginning. */
  readonly complete: boolean;
}

/** HTTP requests are cut at 230 seconds. Milliseconds. */
const LONGEST = 60_000;
const SESSIONS_AT_ONCE = 300;
const FAULTS_TOLD = 20;

interface Counted {
  readonly transfer: Transfer;
  readonly stream: Stream;
  readonly destination: Destination;
  found: number;
  there: number | undefined;
  /** Named twice in the import, it counts once. */
  readonly seen: Set<string>;
}

/** Reads an import as its load will, and asks the destinations what they have of it. */
export async function forecastImport(
  services: Services,
  settings: Settings,
  record: ImportRecord,
  site: Site,
  transfers: readonly Transfer[],
): Promise<ImportForecast> {
  const counted = await Promise.all(transfers.map((transfer) => open(services, settings, transfer)));
  const until = performance.now() + LONGEST;
  const reader = await ImportReader.open(services, record);
  const faults: string[] = [];
  let broken = 0;
  let sessions = 0;
  let complete = true;
  let batch: Session[] = [];
  const now = services.now() / 1000;
  const count = async () => {
    for (const one of counted) await add(one, site, batch, now);
    batch = [];
  };
  try {
    for await (const { name, item } of reader.items()) {
      const read = item.kind === 'session' ? readImported(item.root, item.bytes) : { reason: item.reason };
      if (read.reason === undefined) {
        sessions++;
        batch.push(read.reading.session);
        if (batch.length >= SESSIONS_AT_ONCE) await count();
      } else if (broken++ < FAULTS_TOLD) {
        const lsid = item.lsid === undefined ? {} : { lsid: item.lsid };
        faults.push(faultText({ file: name, at: item.at, reason: read.reason, ...lsid }));
      }
      if (performance.now() >= until) {
        complete = false;
        break;
      }
    }
  } finally {
    reader.close();
  }
  await count();
  const told = counted.map(tell);
  const files = told.filter(({ stream }) => streamOf(stream).content === 'file');
  const most = new Map<string, number>();
  for (const { stream, fresh = 0 } of files) most.set(stream, Math.max(most.get(stream) ?? 0, fresh));
  const fetched = [...most.values()].reduce((sum, fresh) => sum + fresh, 0);
  return {
    files: reader.files.length,
    sessions,
    broken,
    faults,
    complete,
    transfers: told,
    // It is asked what it is before and after the sessions are loaded.
    requests: files.length === 0 ? 0 : 2 + fetched,
  };
}

async function open(services: Services, settings: Settings, transfer: Transfer): Promise<Counted> {
  const setting = settings.destinations.find(({ id }) => id === transfer.destinationId);
  if (!setting) throw new Error(`no destination ${transfer.destinationId}`);
  const destination = await services.destination(setting);
  return {
    transfer,
    stream: streamOf(transfer.stream),
    destination,
    found: 0,
    there: 0,
    seen: new Set(),
  };
}

async function add(one: Counted, site: Site, sessions: readonly Session[], now: number): Promise<void> {
  const { stream, destination, transfer, seen } = one;
  if (stream.from !== 'session-report') return;
  const rows = stream.content === 'session' && destination.sessions !== undefined;
  const wanted = sessions.filter((session) => rows || isFinal(session, now, site.openSessionHours));
  const keys =
    stream.content === 'file'
      ? wanted.flatMap((session) => stream.items(session, transfer).map(({ key }) => key))
      : wanted.map(({ lsid }) => lsid);
  const fresh = [...new Set(keys)].filter((key) => !seen.has(key));
  for (const key of fresh) seen.add(key);
  one.found += fresh.length;
  const known = await statusOf({ origin: originOf(site) }, { stream, destination }, fresh);
  if (one.there === undefined || known === undefined) one.there = undefined;
  else one.there += fresh.filter((key) => (known.get(key) ?? 'not-final') !== 'not-final').length;
}

function tell({ transfer, found, there }: Counted): TransferForecast {
  const { siteId, stream, destinationId } = transfer;
  const names = { siteId, stream, destinationId, found };
  if (there === undefined) return { ...names, note: 'the destination does not say what it has' };
  return { ...names, there, fresh: found - there };
}

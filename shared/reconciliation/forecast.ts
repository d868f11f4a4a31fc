import type { Destination } from '../destinations/destination.ts';
import { Failure, type FailureReport, reportFailure } from '../errors.ts';
import type { PullSelection, Transfer } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { destinationIn } from '../settings/named-item.ts';
import type { Settings } from '../settings/settings.ts';
import type { Site } from '../settings/site.ts';
import { type Bucket, bucketKey, bucketStart, bucketsOf } from '../streams/bucket.ts';
import { streamOf } from '../streams/index.ts';
import type { SessionReportKind, Stream } from '../streams/stream.ts';
import { originOf } from '../transfer/work.ts';
import { type Listed, listed } from './listing.ts';
import { withSlot } from './site-work.ts';
import { statusOf } from './stored-status.ts';

/** What a pull would move, said without moving or writing anything. */
export interface Forecast {
  readonly transfers: readonly TransferForecast[];
  /** About how many requests the sites would get. */
  readonly requests: number;
}

export interface TransferForecast {
  readonly siteId: string;
  readonly stream: Transfer['stream'];
  readonly destinationId: string;
  /** Sessions or files; absent where only the session reports tell. */
  readonly found?: number;
  /** Of them at the destination already; absent where the destination cannot say. */
  readonly there?: number;
  readonly fresh?: number;
  /** Why something of it is not known. */
  readonly note?: string;
  readonly failure?: FailureReport;
}

const SLICES_A_PLAN = 60;
const LSIDS_A_REQUEST = 50;
const DAY = 86_400;
/** HTTP requests are cut at 230 seconds. Milliseconds. */
const LONGEST = 100_000;
/** Of all files only these are in a listing. */
const listedFiles: ReadonlySet<string> = new Set(['session-recording', 'presentation-recording']);
const unknown = 'only the session reports say which there are';

/** Asks each site for its listing, and the destinations for what they have of it. A site that cannot be asked says so. */
export async function forecastPull(
  services: Services,
  settings: Settings,
  transfers: readonly Transfer[],
  selection: PullSelection | undefined,
): Promise<Forecast> {
  const signal = AbortSignal.timeout(LONGEST);
  const sites = settings.sites.filter(({ id }) => transfers.some(({ siteId }) => siteId === id));
  const parts = await Promise.all(
    sites.map((site) => {
      const own = transfers.filter(({ siteId }) => siteId === site.id);
      return new SiteForecast(services, settings, site, own, selection, signal).make();
    }),
  );
  return {
    transfers: parts.flatMap((part) => part.transfers),
    requests: parts.reduce((sum, { requests }) => sum + requests, 0),
  };
}

class SiteForecast {
  readonly #services: Services;
  readonly #settings: Settings;
  readonly #site: Site;
  readonly #transfers: readonly Transfer[];
  readonly #selection: PullSelection | undefined;
  readonly #signal: AbortSignal;
  readonly #listings = new Map<SessionReportKind, Promise<Listed>>();

  constructor(
    services: Services,
    settings: Settings,
    site: Site,
    transfers: readonly Transfer[],
    selection: PullSelection | undefined,
    signal: AbortSignal,
  ) {
    this.#services = services;
    this.#settings = settings;
    this.#site = site;
    this.#transfers = transfers;
    this.#selection = selection;
    this.#signal = signal;
  }

  async make(): Promise<Forecast> {
    const transfers: TransferForecast[] = [];
    /** Each file is fetched once, for every destination that wants it. */
    const files = new Map<string, number>();
    for (const transfer of this.#transfers) {
      const one = await this.#forecast(transfer);
      transfers.push(one);
      if (streamOf(transfer.stream).content === 'file')
        files.set(transfer.stream, Math.max(files.get(transfer.stream) ?? 0, one.fresh ?? one.found ?? 0));
    }
    const fetched = [...files.values()].reduce((sum, count) => sum + count, 0);
    return { transfers, requests: 1 + this.#reports() + fetched };
  }

  async #forecast(transfer: Transfer): Promise<TransferForecast> {
    const { siteId, stream: id, destinationId } = transfer;
    const names = { siteId, stream: id, destinationId };
    try {
      const stream = streamOf(id);
      const keys = await this.#keys(transfer, stream);
      if (keys === undefined) return { ...names, note: unknown };
      if (stream.from === 'snapshot') return { ...names, found: 1, there: 0, fresh: 1 };
      const destination = await this.#destination(destinationId);
      const at = { origin: originOf(this.#site) };
      const known = await statusOf(at, { stream, destination }, keys);
      const found = keys.length;
      if (!known) return { ...names, found, note: 'the destination does not say what it has' };
      // What is there as it was before it ended is written again.
      const there = keys.filter((key) => (known.get(key) ?? 'not-final') !== 'not-final').length;
      return { ...names, found, there, fresh: found - there };
    } catch (error) {
      if (this.#signal.aborted) throw tookTooLong();
      const failure = reportFailure(error);
      if (failure.kind === 'internal') throw error;
      return { ...names, failure };
    }
  }

  /** Item keys; undefined where nothing short of the work itself tells. */
  async #keys(transfer: Transfer, stream: Stream): Promise<readonly string[] | undefined> {
    const selection = this.#selection;
    if (stream.from === 'snapshot') return [''];
    if (stream.from === 'bucket')
      return selection?.by === 'start_time' ? this.#buckets(transfer, stream.lag, selection) : undefined;
    const isData = stream.content !== 'file';
    if (selection?.by === 'lsids') return isData ? selection.lsids : undefined;
    if (!isData && !listedFiles.has(stream.id)) return undefined;
    const found = await this.#listing(stream.report);
    return [...found].filter(([, { hasRecording }]) => isData || hasRecording).map(([lsid]) => lsid);
  }

  #listing(report: SessionReportKind): Promise<Listed> {
    const selection = this.#selection;
    if (selection === undefined || selection.by === 'lsids') return Promise.resolve(new Map());
    const { by, from, to } = selection;
    const at = { services: this.#services, site: this.#site, signal: this.#signal };
    const known = this.#listings.get(report) ?? listed(at, report, { by, from, to });
    this.#listings.set(report, known);
    return known;
  }

  async #buckets(
    { reportPeriod = 'day' }: Transfer,
    lag: number,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<string[]> {
    const { now } = await withSlot(this.#services, this.#site, this.#signal, () =>
      this.#services.appliance(this.#site).info({ signal: this.#signal }),
    );
    const buckets: Bucket[] = [];
    for (const bucket of bucketsOf(bucketStart(from, reportPeriod), now - lag, reportPeriod)) {
      if (bucket.from >= to) break;
      buckets.push(bucket);
    }
    return buckets.map(bucketKey);
  }

  async #destination(id: string): Promise<Destination> {
    return this.#services.destination(destinationIn(this.#settings, id));
  }

  /** Session reports: a day each up to sixty, or fifty named ones each; for each of the two kinds. */
  #reports(): number {
    const kinds = new Set(
      this.#transfers.flatMap(({ stream }) => {
        const of = streamOf(stream);
        return of.from === 'session-report' ? [of.report] : [];
      }),
    ).size;
    const selection = this.#selection;
    if (selection === undefined) return 0;
    if (selection.by === 'lsids') return kinds * Math.ceil(selection.lsids.length / LSIDS_A_REQUEST);
    return kinds * Math.min(SLICES_A_PLAN, Math.ceil((selection.to - selection.from) / DAY));
  }
}

function tookTooLong(): Failure {
  return new Failure(
    'transient',
    'forecast-too-long',
    `The dry run took longer than ${LONGEST / 1000} seconds: ask for a shorter stretch of time, or for fewer sites.`,
  );
}

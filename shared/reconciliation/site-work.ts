import type { ApplianceInfo } from '../appliance/appliance.ts';
import type { Destination, Origin } from '../destinations/destination.ts';
import { reportFailure } from '../errors.ts';
import { type Transfer, type TransferKey, transferKey } from '../runs/run.ts';
import { transfersOf } from '../schedules/make-run.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import type { Site } from '../settings/site.ts';
import { streamOf } from '../streams/index.ts';
import type { Stream } from '../streams/stream.ts';
import { holdSlot } from '../transfer/slots.ts';
import { readWatermark, type Watermark } from '../transfer/watermark.ts';
import { originOf } from '../transfer/work.ts';
import { type Day, dayAt } from './days.ts';

/** One step works this long at most, then says where to go on. Milliseconds. */
const WORK_MS = 4 * 60_000;

/** What a step of reconciling one site has at hand. */
export interface SiteWork {
  readonly services: Services;
  readonly settings: Settings;
  readonly site: Site;
  readonly origin: Origin;
  /** Of the reconciliation, and when it was made: ISO 8601, our clock. */
  readonly reconciliation: { readonly id: string; readonly at: string };
  /** The day that has begun, on the appliance's clock. */
  readonly today: Day;
  /** Appliance's clock minus ours, seconds. */
  readonly offset: number;
  readonly signal: AbortSignal;
  timeIsUp(): boolean;
}

/** A transfer whose destination can be asked. `mark` absent: a snapshot, which has none. */
export interface OpenTransfer {
  readonly key: TransferKey;
  readonly transfer: Transfer;
  readonly stream: Stream;
  readonly destination: Destination;
  readonly mark?: Watermark;
}

export async function siteWork(
  services: Services,
  settings: Settings,
  site: Site,
  reconciliation: SiteWork['reconciliation'],
): Promise<SiteWork> {
  const stop = new AbortController();
  const { signal } = stop;
  const info = await withSlot(services, site, signal, () => services.appliance(site).info({ signal }));
  const until = services.now() + WORK_MS;
  return {
    services,
    settings,
    site,
    origin: originOf(site, facts(info)),
    reconciliation,
    today: dayAt(info.now),
    offset: info.now - services.now() / 1000,
    signal,
    timeIsUp: () => services.now() >= until,
  };
}

function facts({ applianceId, apiVersion }: ApplianceInfo) {
  return {
    ...(applianceId === undefined ? {} : { applianceId }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** Asks the appliance within the site's limits. */
export async function withSlot<T>(
  services: Services,
  site: Site,
  signal: AbortSignal,
  does: () => Promise<T>,
): Promise<T> {
  const slot = await holdSlot(services, site, signal);
  try {
    await slot.take(signal);
    return await does();
  } finally {
    await slot.release();
  }
}

/** The transfers of all enabled schedules for a site; what several of them move is there once. */
export function wantedTransfers({ schedules }: Settings, siteId: string): Transfer[] {
  const all = schedules
    .filter(({ enabled }) => enabled)
    .flatMap(transfersOf)
    .filter((transfer) => transfer.siteId === siteId);
  return [...new Map(all.map((transfer) => [transferKey(transfer), transfer])).values()];
}

/** Transfers that could not be checked, or not every day of them, and why. */
export class Problems {
  readonly told: Map<TransferKey, string>;
  /** Those whose destination cannot be asked: they are left alone until the next step, and the others go on. */
  readonly #blocked = new Set<TransferKey>();

  constructor(told: Readonly<Record<TransferKey, string>> = {}) {
    this.told = new Map(Object.entries(told));
  }

  tell(key: TransferKey, message: string): void {
    if (!this.told.has(key)) this.told.set(key, message);
  }

  /** A destination that cannot be asked holds up its own transfer alone. Errors of our own are thrown. */
  async trying(key: TransferKey, does: () => Promise<void>): Promise<void> {
    if (this.#blocked.has(key)) return;
    try {
      await does();
    } catch (error) {
      const failure = reportFailure(error);
      if (failure.kind === 'internal') throw error;
      this.tell(key, failure.message);
      this.#blocked.add(key);
    }
  }
}

/** Those that have run before; one that never ran owes nothing yet. */
export async function openTransfers(at: SiteWork, problems: Problems): Promise<OpenTransfer[]> {
  const { services, settings, site } = at;
  const open: OpenTransfer[] = [];
  for (const transfer of wantedTransfers(settings, site.id)) {
    const key = transferKey(transfer);
    const stream = streamOf(transfer.stream);
    const mark = (await readWatermark(services.state, site.id, key))?.value;
    const setting = settings.destinations.find(({ id }) => id === transfer.destinationId);
    if ((!mark && stream.from !== 'snapshot') || !setting) continue;
    await problems.trying(key, async () => {
      const destination = await services.destination(setting);
      open.push({ key, transfer, stream, destination, ...(mark ? { mark } : {}) });
    });
  }
  return open;
}

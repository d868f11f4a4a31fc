import type { NamingSample } from '../destinations/destination.ts';
import { pluginOf } from '../destinations/index.ts';
import type { DestinationPlugin } from '../destinations/plugin.ts';
import { streamOf } from '../streams/index.ts';
import { namingSamples, type Stream, type StreamId, type TransferOptions } from '../streams/stream.ts';
import type { DestinationSetting } from './destination.ts';
import type { TransferSetting } from './schedule.ts';
import type { Site } from './site.ts';

interface Places {
  readonly sites: readonly Site[];
  readonly destinations: readonly DestinationSetting[];
  readonly schedules: readonly { readonly transfers: readonly TransferSetting[] }[];
}

export interface TransferFault {
  readonly field: 'site' | 'destination' | 'dataTypes';
  readonly message: string;
}

/** Whether a destination can be given a data type. */
export function takesStream(takes: DestinationPlugin['takes'], { id, from, content }: Stream): boolean {
  if (takes.files) return true;
  if (content === 'session') return takes.sessions;
  return from === 'bucket' && (takes.reports?.includes(id) ?? false);
}

/** What cannot be: places that are not there, a destination that cannot take it, a product that does not have it. */
export function transferFaults(settings: Places, transfer: TransferSetting): TransferFault[] {
  const faults: TransferFault[] = [];
  const site = settings.sites.find(({ id }) => id === transfer.site);
  if (!site) faults.push({ field: 'site', message: `there is no site "${transfer.site}"` });
  const destination = settings.destinations.find(({ id }) => id === transfer.destination);
  if (!destination)
    faults.push({ field: 'destination', message: `there is no destination "${transfer.destination}"` });
  const takes = destination && pluginOf(destination.plugin)?.takes;
  for (const stream of transfer.dataTypes.map(streamOf)) {
    if (takes && !takesStream(takes, stream)) {
      const message = `${stream.title} can only be saved to files, not to "${destination?.name}"`;
      faults.push({ field: 'dataTypes', message });
    }
    if (site?.product && !stream.products.includes(site.product))
      faults.push({ field: 'dataTypes', message: `${site.product} has no ${stream.title}` });
  }
  return faults;
}

/** One data type of one site on its way to a destination. */
export interface NamedStream {
  readonly siteId: string;
  readonly stream: StreamId;
  readonly options: TransferOptions;
}

/** All that schedules bring to a destination. */
export function scheduledStreams(
  { schedules }: Pick<Places, 'schedules'>,
  destinationId: string,
): NamedStream[] {
  return schedules
    .flatMap(({ transfers }) => transfers)
    .filter(({ destination }) => destination === destinationId)
    .flatMap(({ site, dataTypes, ...options }) =>
      dataTypes.map((stream) => ({ siteId: site, stream, options })),
    );
}

export interface NamingFault {
  readonly streams: readonly [StreamId, StreamId];
  readonly message: string;
}

/** Data types that the destination's settings give one name: one file would take the other's place. */
export function namingFaults(
  { plugin: pluginId, settings }: DestinationSetting,
  going: readonly NamedStream[],
): NamingFault[] {
  const plugin = pluginOf(pluginId);
  if (!plugin?.collisions || !plugin.settings.safeParse(settings).success) return [];
  const samples = samplesOf(going);
  const faults = new Map<string, NamingFault>();
  for (const [at, withAt] of plugin.collisions(
    settings,
    samples.map(({ sample }) => sample),
  )) {
    const [one, other] = [samples[at], samples[withAt]];
    if (!one || !other) continue;
    const [title, otherTitle] = [streamOf(one.stream).title, streamOf(other.stream).title];
    const fault = {
      streams: [one.stream, other.stream],
      message:
        one.stream !== other.stream
          ? `gives ${title} and ${otherTitle} the same name; add %EXTENSION%, or send them to destinations of their own`
          : one.siteId !== other.siteId
            ? `gives ${title} of two sites the same name; add %SUPPORT_SITE_HOST%`
            : `gives several ${title} the same name; add %INSTANCE%, %SESSION_TYPE% and %EXTENSION%`,
    } as const;
    faults.set(fault.message, fault);
  }
  return [...faults.values()];
}

interface SampleOf {
  readonly siteId: string;
  readonly stream: StreamId;
  readonly sample: NamingSample;
}

/**
 * Sessions differ from site to site by their ids; what is named by its time does not, so it is looked at for each site.
 * What comes twice with the same values is one file.
 */
function samplesOf(going: readonly NamedStream[]): SampleOf[] {
  const samples = new Map<string, SampleOf>();
  const hosts = new Map<string, string>();
  for (const { siteId, stream: id, options } of going) {
    const stream = streamOf(id);
    const host = hosts.get(siteId) ?? `host${hosts.size}`;
    hosts.set(siteId, host);
    const shown = stream.from === 'session-report' ? 'host0' : host;
    for (const sample of namingSamples(stream, options, shown)) {
      const key = JSON.stringify([id, shown, sample.values]);
      if (!samples.has(key)) samples.set(key, { siteId, stream: id, sample });
    }
  }
  return [...samples.values()];
}

import { pluginOf } from '../destinations/index.ts';
import type { Transfer } from '../runs/run.ts';
import { destinationIn, siteIn } from '../settings/named-item.ts';
import type { Settings } from '../settings/settings.ts';
import { namingFaults, scheduledStreams, takesStream } from '../settings/transfer-checks.ts';
import { streamOf } from '../streams/index.ts';
import type { StreamId, TransferOptions } from '../streams/stream.ts';
import { badField } from './problem.ts';

export interface WantedTransfers extends TransferOptions {
  readonly sites: readonly string[];
  readonly destinations: readonly string[];
  readonly dataTypes: readonly StreamId[];
}

/** What a pull or an import asks for, against the settings. Throws `Failure` that names the field. */
export function transfersOf(settings: Settings, wanted: WantedTransfers): Transfer[] {
  const { sites, destinations, dataTypes, commandShellFormat, reportPeriod } = wanted;
  const options = {
    ...(commandShellFormat === undefined ? {} : { commandShellFormat }),
    ...(reportPeriod === undefined ? {} : { reportPeriod }),
  };
  for (const id of sites) siteIn(settings, id);
  const plugins = [...new Set(destinations)].map((id) => {
    return { id, takes: pluginOf(destinationIn(settings, id).plugin)?.takes };
  });
  const transfers = [...new Set(dataTypes)].flatMap((id) => {
    const stream = streamOf(id);
    const able = plugins.filter(({ takes }) => takes && takesStream(takes, stream));
    if (able.length === 0) throw badField('dataTypes', `none of the destinations takes ${stream.title}`);
    // What a product is known not to have is left out where another site has it.
    const having = [...new Set(sites)].filter((siteId) => {
      const product = settings.sites.find((site) => site.id === siteId)?.product;
      return product === undefined || stream.products.includes(product);
    });
    if (having.length === 0) throw badField('dataTypes', `none of the sites has ${stream.title}`);
    const begin = { kind: 'now' } as const;
    return having.flatMap((siteId) =>
      able.map((destination): Transfer => {
        return { siteId, stream: id, destinationId: destination.id, begin, ...options };
      }),
    );
  });
  checkNames(settings, transfers);
  return transfers;
}

/** As settings are checked: with what schedules bring to the same destination. */
function checkNames(settings: Settings, transfers: readonly Transfer[]): void {
  for (const destination of settings.destinations) {
    const pulled = transfers
      .filter(({ destinationId }) => destinationId === destination.id)
      .map((transfer) => ({ siteId: transfer.siteId, stream: transfer.stream, options: transfer }));
    if (pulled.length === 0) continue;
    const fault = namingFaults(destination, [...scheduledStreams(settings, destination.id), ...pulled]).find(
      ({ streams }) => streams.some((stream) => pulled.some((one) => one.stream === stream)),
    );
    if (fault)
      throw badField('destinations', `the File Name Format of "${destination.name}" ${fault.message}`);
  }
}

import { reportFailure } from '../errors.ts';
import { putFault } from '../imports/import-record.ts';
import { removeCredentials } from '../imports/load-credentials.ts';
import { getRun, type Run } from '../runs/run.ts';
import { type RunSettings, runSettings } from '../runs/run-settings.ts';
import type { Services } from '../services.ts';
import { listAll } from '../state/list-all.ts';
import { StateConflict } from '../state/state-store.ts';
import type { StreamId } from '../streams/stream.ts';
import { ledgerPartition, type OwedItem } from './ledger.ts';

/** Of recordings that could not be had, so many are kept by name with the reason; the counts have them all. */
const MOST_TOLD = 10_000;

/**
 * What was given for one load ends with it: the secret, the client id in the run's settings, and what the ledger has of
 * a host that no setting names, since nobody could ever fetch it. Those files stand among the import's faults. What goes
 * wrong here keeps no run from its end: housekeeping removes what is left.
 */
export async function endImport(services: Services, runId: string): Promise<void> {
  const run = await getRun(services.state, runId);
  if (!run?.import || run.import.from === 'site') return;
  try {
    await removeCredentials(services.state, run.import.id);
    await forgetAccount(services, run);
    await settleLedger(services, run, run.import.id);
  } catch (error) {
    services.log.error('What was given for one load could not be removed', {
      run: runId,
      error: reportFailure(error).message,
    });
  }
}

async function forgetAccount({ state }: Services, run: Run): Promise<void> {
  const settings = await runSettings(state, run.id);
  const sites = settings.sites.map((site) => ({
    ...site,
    account: { kind: 'oauth', clientId: 'removed', secret: 'removed' } as const,
  }));
  await state.put('runs', 'settings', run.id, { ...settings, sites } satisfies RunSettings);
}

async function settleLedger({ state }: Services, run: Run, importId: string): Promise<void> {
  const partitions = new Map<string, StreamId>(
    run.transfers.map(({ siteId, stream }) => [ledgerPartition(siteId, stream), stream]),
  );
  let told = 0;
  for (const [partition, stream] of partitions)
    for await (const { key, value, etag } of listAll<OwedItem>(state, 'ledger', partition)) {
      // Another load from the same host may be under way.
      if (value.wantedBy !== undefined && value.wantedBy !== run.id) continue;
      const { item, destinationId, lastFailure } = value;
      const why = lastFailure?.message ?? 'it was not fetched before the load ended';
      const fault = {
        file: `${stream} to ${destinationId}`,
        reason: why,
        ...(item.lsid === undefined ? {} : { lsid: item.lsid }),
      };
      if (told++ < MOST_TOLD) await putFault(state, importId, run.id, `~${stream}|${key}`, fault);
      try {
        await state.remove('ledger', partition, key, etag);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
}

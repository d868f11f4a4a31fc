import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { Failure } from '../errors.ts';
import { type ImportRecord, removeFaults } from '../imports/import-record.ts';
import { keepCredentials, removeCredentials } from '../imports/load-credentials.ts';
import { siteOfLoad } from '../imports/load-site.ts';
import { forecastImport, type ImportForecast } from '../reconciliation/forecast-import.ts';
import { type ImportSource, type Run, runId, type Transfer } from '../runs/run.ts';
import { makePullRun } from '../schedules/make-run.ts';
import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { Site } from '../settings/site.ts';
import { type Entry, StateConflict } from '../state/state-store.ts';
import { streamOf } from '../streams/index.ts';
import type { startImportSchema } from './import-answers.ts';
import { badRequest } from './problem.ts';
import { transfersOf } from './pull-transfers.ts';
import { startPull } from './pulls.ts';

type Wanted = z.output<typeof startImportSchema>;

interface Plan {
  readonly settings: Settings;
  readonly site: Site;
  readonly from: ImportSource['from'];
  readonly transfers: readonly Transfer[];
}

/** Makes and starts the run that loads an import, or says what it would load. Its parts are all there. */
export async function startImport(
  services: Services,
  starter: RunStarter,
  entry: Pick<Entry<ImportRecord>, 'value' | 'etag'>,
  wanted: Wanted,
): Promise<{ readonly forecast: ImportForecast } | { readonly run: Run }> {
  const { value: record } = entry;
  const { settings } = await loadSettings(services.state);
  const plan = planOf(settings, record, wanted);
  if (wanted.dryRun)
    return {
      forecast: await forecastImport(services, plan.settings, record, plan.site, plan.transfers),
    };
  return { run: await start(services, starter, entry, wanted, plan) };
}

async function start(
  services: Services,
  starter: RunStarter,
  { value: record, etag }: Pick<Entry<ImportRecord>, 'value' | 'etag'>,
  { account }: Wanted,
  { settings, transfers, from }: Plan,
): Promise<Run> {
  const { state } = services;
  const now = services.now();
  const name = randomUUID().slice(0, 8);
  const next: ImportRecord = {
    ...record,
    runId: runId(now, `pull-${name}`),
    touchedAt: new Date(now).toISOString(),
  };
  try {
    // Of two who start it at once, one does.
    await state.update('imports', 'import', record.id, next, etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    throw new Failure('terminal', 'import-going', `Somebody has just started the load of "${record.name}".`);
  }
  if (record.runId !== undefined) await removeFaults(state, record.id, record.runId);
  try {
    if (account)
      await keepCredentials(
        services,
        record.id,
        account.kind === 'oauth' ? account.clientSecret : account.password,
      );
    const source: ImportSource = { id: record.id, from };
    const run = await makePullRun(state, settings, { now, name, transfers, import: source });
    await startPull(services, starter, run.id);
    return run;
  } catch (error) {
    await removeCredentials(state, record.id);
    throw error;
  }
}

function planOf(settings: Settings, record: ImportRecord, wanted: Wanted): Plan {
  const { site: siteId, destinations, dataTypes, commandShellFormat } = wanted;
  const other = dataTypes.map(streamOf).find((stream) => {
    return stream.from !== 'session-report' || stream.report !== 'session';
  });
  if (other) throw badRequest(`dataTypes: ${other.title} is not in session XML; pull it.`);
  const file = dataTypes.map(streamOf).find(({ content }) => content === 'file');
  const from = siteId !== undefined ? 'site' : wanted.account ? 'host' : 'none';
  if (from === 'none' && file)
    throw badRequest(
      `dataTypes: ${file.title} is fetched from an appliance: give a site, or an account at the host.`,
    );
  const given = siteId === undefined ? [siteOfLoad(record.id, givenHost(wanted))] : [];
  const all: Settings = { ...settings, sites: [...settings.sites, ...given] };
  const id = siteId ?? given[0]?.id ?? '';
  const transfers = transfersOf(all, {
    sites: [id],
    destinations,
    dataTypes,
    ...(commandShellFormat === undefined ? {} : { commandShellFormat }),
  });
  const site = all.sites.find((candidate) => candidate.id === id);
  if (!site) throw new Error(`no site ${id}`);
  return { settings: all, site, from, transfers };
}

function givenHost({ host, account, ...rest }: Wanted): Parameters<typeof siteOfLoad>[1] {
  const { hostName, product, certificateAuthority, nothingFound } = rest;
  if (host === undefined) throw badRequest('Body: give site or host.');
  return {
    host,
    ...(hostName === undefined ? {} : { hostName }),
    ...(product === undefined ? {} : { product }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(nothingFound === undefined ? {} : { nothingFound }),
    ...(account === undefined
      ? {}
      : {
          account:
            account.kind === 'oauth'
              ? { kind: 'oauth', clientId: account.clientId }
              : { kind: 'legacy', username: account.username },
        }),
  };
}

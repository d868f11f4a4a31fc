import type { DestinationSetting } from '../settings/destination.ts';
import type { Settings } from '../settings/settings.ts';
import type { Site } from '../settings/site.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Run } from './run.ts';

/** The settings a run works with, as they were when it was made: a change while it goes on affects the next run. */
export interface RunSettings {
  readonly sites: readonly Site[];
  readonly destinations: readonly DestinationSetting[];
}

export async function keepRunSettings(state: StateStore, run: Run, settings: Settings): Promise<RunSettings> {
  const sites = new Set(run.transfers.map(({ siteId }) => siteId));
  const destinations = new Set(run.transfers.map(({ destinationId }) => destinationId));
  const kept: RunSettings = {
    sites: settings.sites.filter(({ id }) => sites.has(id)),
    destinations: settings.destinations.filter(({ id }) => destinations.has(id)),
  };
  await state.put('runs', 'settings', run.id, kept);
  return kept;
}

export async function runSettings(state: StateStore, runId: string): Promise<RunSettings> {
  const entry = await state.get<RunSettings>('runs', 'settings', runId);
  if (!entry) throw new Error(`run ${runId} has no settings`);
  return entry.value;
}

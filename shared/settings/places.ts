import { pluginOf } from '../destinations/index.ts';
import { Failure } from '../errors.ts';
import { StateConflict, type StateStore, stateKey } from '../state/state-store.ts';
import type { DestinationSetting } from './destination.ts';
import { recordedHost, type Site } from './site.ts';

/** As much of the settings as has a place. */
export interface PlacedSettings {
  readonly sites: readonly Site[];
  readonly destinations: readonly DestinationSetting[];
}

interface Place {
  readonly key: string;
  readonly place: string;
  /** For a message. */
  readonly what: string;
  readonly hint: string;
}

function placesOf({ destinations, sites }: PlacedSettings): Place[] {
  const hint = 'give it a new id, so that everything is read for it';
  return [
    ...destinations.flatMap(({ id, name, plugin, settings }) => {
      const place = pluginOf(plugin)?.place(settings);
      if (place === undefined) return [];
      return [{ key: stateKey('destination', id), place, what: `Destination "${name}" (${id})`, hint }];
    }),
    ...sites.map((site) => ({
      key: stateKey('site', site.id),
      place: recordedHost(site),
      what: `Site "${site.name}" (${site.id})`,
      hint: `${hint}; if only the address has changed, set hostName to what it was`,
    })),
  ];
}

/**
 * What was stored belongs to a place, and what was read to an appliance: watermarks and the catalog are kept under the
 * ids of both. An id that came to mean another place would pass for complete with nothing in it, so it is refused, once
 * a run has worked with it. Throws `Failure` `bad-settings`.
 */
export async function checkPlaces(state: StateStore, settings: PlacedSettings): Promise<void> {
  for (const { key, place, what, hint } of placesOf(settings)) {
    const known = await state.get<string>('settings', 'places', key);
    if (known && known.value !== place)
      throw new Failure(
        'terminal',
        'bad-settings',
        `${what} has been ${known.value} in earlier runs and cannot become ${place}: ${hint}.`,
      );
  }
}

/** Says that a run works with them from now on. */
export async function pinPlaces(state: StateStore, settings: PlacedSettings): Promise<void> {
  for (const { key, place } of placesOf(settings)) {
    try {
      if (!(await state.get('settings', 'places', key))) await state.insert('settings', 'places', key, place);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** For a destination whose data have been moved to the place that these settings name. */
export async function repinDestination(state: StateStore, destination: DestinationSetting): Promise<void> {
  for (const { key, place } of placesOf({ sites: [], destinations: [destination] }))
    if (await state.get('settings', 'places', key)) await state.put('settings', 'places', key, place);
}

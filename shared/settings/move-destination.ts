import { Failure } from '../errors.ts';
import type { StateStore } from '../state/state-store.ts';
import { repinDestination } from './places.ts';
import { loadSettings, saveSettings } from './settings-store.ts';

/**
 * Gives a destination other settings because all its data are in another place now: its watermarks go on holding. Only
 * for who has moved the data. Throws `Failure` as `saveSettings` does.
 */
export async function moveDestination(
  state: StateStore,
  id: string,
  settings: unknown,
  by: string,
): Promise<void> {
  const stored = await loadSettings(state);
  const before = stored.settings.destinations.find((one) => one.id === id);
  if (before === undefined)
    throw new Failure('terminal', 'unknown-destination', `There is no destination "${id}" in the settings.`);
  const moved = { ...before, settings };
  const destinations = stored.settings.destinations.map((one) => (one.id === id ? moved : one));
  await repinDestination(state, moved);
  try {
    const author = { by, at: Date.now(), action: 'saved' } as const;
    await saveSettings(state, { ...stored.settings, destinations }, stored.etag, author);
  } catch (error) {
    await repinDestination(state, before);
    throw error;
  }
}

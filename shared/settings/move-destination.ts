import type { StateStore } from '../state/state-store.ts';
import { destinationIn } from './named-item.ts';
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
  const before = destinationIn(stored.settings, id);
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

import { loadSettings } from '../../shared/settings/settings-store.ts';
import type { StateStore } from '../../shared/state/state-store.ts';

/** The settings as saved, to be changed and saved with their ETag. */
export async function draftSettings(state: StateStore) {
  const { settings, etag } = await loadSettings(state);
  return { settings: structuredClone(settings), etag };
}

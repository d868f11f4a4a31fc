import { Failure } from '../errors.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Settings } from './settings.ts';
import type { SettingsAuthor } from './settings-history.ts';
import { loadSettings, saveSettings } from './settings-store.ts';

const TRIES = 5;

/** One change to the newest settings, made again where somebody else saved meanwhile. Throws what saving throws. */
export async function changeSettings(
  state: StateStore,
  author: SettingsAuthor,
  change: (draft: Settings) => void,
): Promise<Settings> {
  for (let left = TRIES; ; left--) {
    const { settings, etag } = await loadSettings(state);
    const draft = structuredClone(settings);
    change(draft);
    try {
      return (await saveSettings(state, draft, etag, author)).settings;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'settings-changed' || left === 1) throw error;
    }
  }
}

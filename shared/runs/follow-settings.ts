import { reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';

/** A changed level is followed after this long by every process that works. Milliseconds. */
const FRESH = 50_000;

/** The log follows the Application Settings: one storage call a minute in a process that works, none in one that does not. */
export async function followSettings({ state, log, logs }: Services): Promise<void> {
  if (!logs || logs.followedFor() < FRESH) return;
  try {
    logs.follow((await loadSettings(state)).settings.application);
  } catch (error) {
    // The work that follows meets it too, and tells it. Until then the level stays as it is.
    log.debug('The settings of the log could not be read', { reason: reportFailure(error).message });
  }
}

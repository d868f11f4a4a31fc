import type { StoredFileChange } from '../destinations/destination.ts';
import { pluginOf } from '../destinations/index.ts';
import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';

/**
 * Tells every destination that keeps account of stored files (databases) what happened at the destination `from`. Of
 * today's settings: a database may get its sessions from another schedule. A database that cannot be told is an alarm
 * and holds nothing up; `npm run cli -- sql files` tells it everything again.
 */
export async function noteFiles(
  { state, destination: open }: Pick<Services, 'state' | 'destination'>,
  from: string,
  changes: readonly StoredFileChange[],
  alarms: string[],
): Promise<void> {
  const { destinations } = (await loadSettings(state)).settings;
  const others = destinations.filter(({ id, plugin }) => id !== from && pluginOf(plugin)?.takes.sessions);
  for (const setting of others) {
    try {
      const { storedFiles } = await open(setting);
      await storedFiles?.note(from, changes);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      alarms.push(
        `${error.message} (where files are stored could not be noted; "sql files" makes up for it)`,
      );
    }
  }
}

import { resolve } from 'node:path';
import type { SqlDatabase } from '../../shared/destinations/sql/sql-database.ts';
import { openSqlDatabase } from '../../shared/destinations/sql/sql-destination.ts';
import { readSqlSettings, type SqlSettings } from '../../shared/destinations/sql/sql-settings.ts';
import { silentLog } from '../../shared/log.ts';
import type { Services } from '../../shared/services.ts';
import type { DestinationSetting } from '../../shared/settings/destination.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { UsageError } from './command.ts';

export interface NamedDatabase {
  /** For messages, and what a move remembers its source by. */
  readonly name: string;
  readonly settings: SqlSettings;
  /** Absent for a file that no destination names. */
  readonly destination?: DestinationSetting;
  readonly database: SqlDatabase;
}

/** A destination's id, or `sqlite:PATH`. */
export async function openNamed(services: Services, option: string, text: string): Promise<NamedDatabase> {
  if (text.startsWith('sqlite:')) {
    const settings = readSqlSettings({ kind: 'sqlite', path: resolve(text.slice('sqlite:'.length)) }, text);
    const database = await openSqlDatabase({ id: text, name: text, settings, log: silentLog });
    return { name: text, settings, database };
  }
  const destination = await sqlDestination(services, option, text);
  const settings = readSqlSettings(destination.settings, destination.name);
  const { id, name } = destination;
  const secret = (secretName: string) => services.secrets.get(secretName);
  const database = await openSqlDatabase({ id, name, settings, log: silentLog, secret });
  return { name: id, settings, destination, database };
}

export async function sqlDestination(
  { state }: Services,
  option: string,
  id: string,
): Promise<DestinationSetting> {
  const { destinations } = (await loadSettings(state)).settings;
  const databases = destinations.filter(({ plugin }) => plugin === 'sql');
  const found = databases.find((one) => one.id === id);
  if (found !== undefined) return found;
  const ids = databases.map((one) => one.id).join(', ') || 'none';
  throw new UsageError(`${option} ${id}: there is no such SQL destination; there are: ${ids}.`);
}

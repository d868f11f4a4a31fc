import type { DestinationPlugin } from '../plugin.ts';
import { openSqlDestination } from './sql-destination.ts';
import { readSqlSettings, sqlSettingsSchema } from './sql-settings.ts';

/** IC guide: SQL Server Plugin. Session data only: recordings and backups cannot be saved to a database. */
export const sqlPlugin: DestinationPlugin = {
  id: 'sql',
  title: 'SQL database',
  settings: sqlSettingsSchema,
  takes: { sessions: true, files: false },
  place: (settings) => `sqlite ${sqlSettingsSchema.parse(settings).path}`,
  open: ({ id, name, settings, log }) =>
    openSqlDestination({ id, name, settings: readSqlSettings(settings, name), log }),
};

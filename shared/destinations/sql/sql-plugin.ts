import type { DestinationPlugin } from '../plugin.ts';
import { readTarget, targetPlace } from './mssql-connection.ts';
import { reportStreams } from './report-rows.ts';
import { openSqlDestination } from './sql-destination.ts';
import { readSqlSettings, sqlSettingsSchema } from './sql-settings.ts';

/** IC guide: SQL Server Plugin. Sessions and activity reports: recordings and backups cannot be saved to a database. */
export const sqlPlugin: DestinationPlugin = {
  id: 'sql',
  title: 'SQL database',
  settings: sqlSettingsSchema,
  takes: { sessions: true, files: false, reports: reportStreams },
  place(input) {
    const settings = sqlSettingsSchema.parse(input);
    if (settings.kind === 'sqlite') return `sqlite ${settings.path}`;
    const { connectionString, connectionSecret, schema } = settings;
    const database =
      connectionString === undefined
        ? `database of ${connectionSecret}`
        : targetPlace(readTarget(connectionString));
    return `mssql ${database} ${schema}`;
  },
  async open({ id, name, settings, log, secret }) {
    return openSqlDestination({ id, name, settings: readSqlSettings(settings, name), log, secret });
  },
};

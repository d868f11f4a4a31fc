import type { Log } from '../../log.ts';
import type { Destination } from '../destination.ts';
import { readTarget } from './mssql-connection.ts';
import { checkSqlDatabase } from './sql-check.ts';
import type { SqlDatabase } from './sql-database.ts';
import { SqlReportSink } from './sql-reports.ts';
import { type MssqlSettings, readSqlSettings, type SqlSettingsInput } from './sql-settings.ts';
import { SqlSessionSink } from './sql-sink.ts';
import { SqlStoredFiles } from './sql-stored-files.ts';
import { SqliteDatabase } from './sqlite-database.ts';

export interface SqlDestinationOptions {
  readonly id: string;
  /** Destination Name. */
  readonly name: string;
  readonly settings: SqlSettingsInput;
  readonly log: Log;
  /** Values of secrets that settings name. */
  readonly secret?: (name: string) => Promise<string>;
  /** See `SqliteOptions` and `MssqlOptions`. */
  readonly patienceMs?: number;
  readonly maxPages?: number;
}

/**
 * The SQL plugin. Sessions and reports as rows: recordings and backups cannot go to a database (IC guide). The database is opened,
 * and its tables are made, on first use. Rejects with a terminal `bad-setting` when the settings are no good.
 */
export async function openSqlDestination(options: SqlDestinationOptions): Promise<Destination> {
  const { id, name, log } = options;
  const settings = readSqlSettings(options.settings, name);
  const database = await openSqlDatabase(options);
  return {
    id,
    name,
    sessions: new SqlSessionSink(database, settings, name, log),
    reports: new SqlReportSink(database, name),
    storedFiles: new SqlStoredFiles(database, name),
    check: () => checkSqlDatabase(database, settings, name),
    close: () => database.close(),
  };
}

export async function openSqlDatabase(options: SqlDestinationOptions): Promise<SqlDatabase> {
  const { name, log, patienceMs, maxPages } = options;
  const settings = readSqlSettings(options.settings, name);
  const patience = patienceMs === undefined ? {} : { patienceMs };
  if (settings.kind === 'sqlite')
    return new SqliteDatabase({
      path: settings.path,
      name,
      log,
      ...patience,
      ...(maxPages === undefined ? {} : { maxPages }),
    });
  return openMssql(settings, options, patience);
}

async function openMssql(
  settings: MssqlSettings,
  { name, log, secret }: SqlDestinationOptions,
  patience: { readonly patienceMs?: number },
): Promise<SqlDatabase> {
  // Its driver is large: who has no such destination need not load it.
  const { connectionRefused, MssqlDatabase } = await import('./mssql-database.ts');
  const { schema, certificateAuthority, connectionSecret } = settings;
  const connectionString =
    connectionSecret === undefined ? settings.connectionString : await secret?.(connectionSecret);
  try {
    const target = readTarget(connectionString ?? '');
    return new MssqlDatabase({ target, schema, certificateAuthority, name, log, ...patience });
  } catch (error) {
    throw connectionRefused(name, error instanceof Error ? error.message : String(error));
  }
}

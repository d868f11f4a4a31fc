import type { Log } from '../../log.ts';
import type { Destination } from '../destination.ts';
import { checkSqlDatabase } from './sql-check.ts';
import { readSqlSettings, type SqlSettingsInput } from './sql-settings.ts';
import { SqlSessionSink } from './sql-sink.ts';
import { SqliteDatabase } from './sqlite-database.ts';

export interface SqlDestinationOptions {
  readonly id: string;
  /** Destination Name. */
  readonly name: string;
  readonly settings: SqlSettingsInput;
  readonly log: Log;
  /** See `SqliteOptions`. */
  readonly patienceMs?: number;
  readonly maxPages?: number;
}

/**
 * The SQL plugin. Sessions only: recordings and backups cannot go to a database (IC guide). The database is opened,
 * and its tables are made, on first use. Rejects with a terminal `bad-setting` when the settings are no good.
 */
export async function openSqlDestination(options: SqlDestinationOptions): Promise<Destination> {
  const { id, name, log } = options;
  const settings = readSqlSettings(options.settings, name);
  const database = new SqliteDatabase({
    path: settings.path,
    name,
    log,
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    ...(options.maxPages === undefined ? {} : { maxPages: options.maxPages }),
  });
  return {
    id,
    name,
    sessions: new SqlSessionSink(database, settings, log),
    check: () => checkSqlDatabase(database, settings, name),
    close: () => database.close(),
  };
}

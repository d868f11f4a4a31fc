import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Examination } from './examine.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { layoutOf } from './schema-plan.ts';
import type { SqlDatabase, SqlReader, SqlTransaction } from './sql-database.ts';
import { isBusy, isSqliteError, sqliteFailure } from './sqlite-failure.ts';
import { examineTables, lookAround, makeTables, reportForeign } from './sqlite-tables.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';

export interface SqliteOptions {
  /** Absolute, or from the working directory. */
  readonly path: string;
  /** Destination Name, for messages. */
  readonly name: string;
  readonly log: Log;
  /** How long another program may hold the database before it counts as busy. Default 15 s. */
  readonly patienceMs?: number;
  /** The size the database may reach, in pages of 4 KiB. Default: none but the disk's. */
  readonly maxPages?: number;
}

interface Connection {
  readonly database: DatabaseSync;
  readonly transaction: SqliteTransaction;
  /** Device and inode: a file that was moved away or put back from a backup is not the one we hold. */
  readonly identity: string;
}

/** Opened by the first transaction; every commit is on the disk when it returns (WAL, synchronous=FULL). */
export class SqliteDatabase implements SqlDatabase {
  readonly #options: SqliteOptions;
  readonly #file: string;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.#file = resolve(options.path);
  }

  /** SQLite has one writer at a time, whatever the host. */
  write<T>(_host: string, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      if (this.#closed) throw new Error(`destination "${this.#options.name}" is closed`);
      const { database, transaction } = await this.#connect();
      try {
        return await this.#inTransaction(database, () => work(transaction));
      } catch (error) {
        // What was found at opening may hold no longer (a table dropped meanwhile): the next use looks again.
        if (isSqliteError(error) && !isBusy(error)) this.#disconnect();
        throw error;
      }
    });
  }

  read<T>(work: (reader: SqlReader) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      if (this.#closed) throw new Error(`destination "${this.#options.name}" is closed`);
      return work((await this.#connect()).transaction);
    });
  }

  examine(): Promise<Examination> {
    return this.#guarded(async () => {
      const where = `destination "${this.#options.name}": the database ${this.#file}`;
      const database = new DatabaseSync(this.#file, { readOnly: true, timeout: 1000 });
      try {
        return examineTables(database, where);
      } finally {
        database.close();
      }
    });
  }

  close(): Promise<void> {
    return this.#guarded(async () => {
      this.#closed = true;
      this.#disconnect();
    });
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await oneAtATime(this.#file, work);
    } catch (error) {
      throw sqliteFailure(error, this.#options.name, this.#file);
    }
  }

  async #inTransaction<T>(database: DatabaseSync, work: () => Promise<T>): Promise<T> {
    await this.#patiently(() => database.exec('BEGIN IMMEDIATE'));
    try {
      const result = await work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite undoes it by itself on some errors, a full disk among them.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  async #connect(): Promise<Connection> {
    if (this.#connection !== undefined) {
      if (this.#connection.identity === identityOf(this.#file)) return this.#connection;
      this.#options.log.warn('database file was replaced, opening it again', { file: this.#file });
      this.#disconnect();
    }
    this.#makeFolder();
    const database = new DatabaseSync(this.#file, { timeout: 100 });
    try {
      return await this.#prepare(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async #prepare(database: DatabaseSync): Promise<Connection> {
    const { log, maxPages, name } = this.#options;
    const where = `destination "${name}": the database ${this.#file}`;
    // First of all a look: a database that is not ours to use is left without a trace.
    const first = await this.#patiently(() => lookAround(database, where));
    await this.#patiently(() => {
      const mode = database.prepare('PRAGMA journal_mode').get()?.journal_mode;
      if (mode !== 'wal') database.exec('PRAGMA journal_mode = WAL');
      database.exec(
        'PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864',
      );
      if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxPages)}`);
    });
    reportForeign(database, where, log);
    const layout = first.complete
      ? layoutOf(first.look, where, false)
      : await this.#inTransaction(database, async () => makeTables(database, where, log));
    const lacking = first.look.missingColumns;
    if (lacking.length > 0)
      log.warn('the database has no column for some values; they are left out', {
        destination: name,
        columns: lacking.map(({ table, column }) => `${table}.${column}`).join(', '),
      });
    this.#connection = {
      database,
      transaction: new SqliteTransaction(database, layout),
      identity: identityOf(this.#file) ?? '',
    };
    return this.#connection;
  }

  /** SQLite's own waiting would hold up the whole process, so it is short and repeated. */
  async #patiently<T>(work: () => T): Promise<T> {
    const until = Date.now() + (this.#options.patienceMs ?? 15_000);
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || Date.now() >= until) throw error;
      }
      await sleep(5 + Math.random() * 45);
    }
  }

  #makeFolder(): void {
    const folder = dirname(this.#file);
    try {
      mkdirSync(folder);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EEXIST') return;
      throw new Failure(
        'terminal',
        'database-not-writable',
        `destination "${this.#options.name}": the folder ${folder} cannot be made (${code}); check the path`,
        { cause: error },
      );
    }
  }

  #disconnect(): void {
    this.#connection?.database.close();
    this.#connection = undefined;
  }
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

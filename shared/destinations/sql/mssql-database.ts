import { setTimeout as sleep } from 'node:timers/promises';
import mssql, { type ConnectionPool, type Transaction } from 'mssql';
import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Examination } from './examine.ts';
import { type MssqlTarget, poolConfig, targetPlace } from './mssql-connection.ts';
import { mssqlFailure, patienceFor, repeatable } from './mssql-failure.ts';
import { examineTables, type MssqlTables, prepareTables } from './mssql-tables.ts';
import { MssqlTransaction } from './mssql-transaction.ts';
import type { SqlDatabase, SqlReader, SqlTransaction } from './sql-database.ts';

export interface MssqlOptions {
  readonly target: MssqlTarget;
  readonly schema: string;
  readonly certificateAuthority?: string | undefined;
  /** Destination Name, for messages. */
  readonly name: string;
  readonly log: Log;
  /** How long a server that is waking up, failing over or busy is waited for. Default 75 s. */
  readonly patienceMs?: number;
}

interface Connected {
  readonly pool: ConnectionPool;
  readonly tables: MssqlTables;
}

/**
 * Azure SQL, SQL Server, or what speaks its protocol. Connected by the first use. A lost connection, a failover, a
 * deadlock undo the transaction, which is then begun again from its start.
 */
export class MssqlDatabase implements SqlDatabase {
  readonly #options: MssqlOptions;
  readonly #place: string;
  #connected: Promise<Connected> | undefined;
  #closed = false;

  constructor(options: MssqlOptions) {
    this.#options = options;
    this.#place = targetPlace(options.target);
  }

  write<T>(host: string, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#inTransaction(host, work);
  }

  read<T>(work: (reader: SqlReader) => Promise<T>): Promise<T> {
    return this.#inTransaction(undefined, work);
  }

  #inTransaction<T>(host: string | undefined, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.withPool(async ({ pool, tables }) => {
      const transaction = new mssql.Transaction(pool);
      await transaction.begin(mssql.ISOLATION_LEVEL.READ_COMMITTED);
      try {
        const statements = new MssqlTransaction(transaction, tables);
        if (host !== undefined) statements.lock(host);
        const result = await work(statements);
        await statements.flush();
        await transaction.commit();
        return result;
      } catch (error) {
        await undo(transaction);
        throw error;
      }
    });
  }

  /** Does the work again while the server says it may help, then throws a `Failure` or `SqlRefusal`. */
  async withPool<T>(work: (connected: Connected) => Promise<T>): Promise<T> {
    const { name, log, patienceMs = 75_000 } = this.#options;
    let failingSince: number | undefined;
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw new Error(`destination "${name}" is closed`);
      let connected: Promise<Connected> | undefined;
      try {
        connected = this.#connect();
        return await work(await connected);
      } catch (error) {
        const again = repeatable(error);
        // Its other transactions may go on for a while: nobody waits for them here.
        if (again === 'reconnect') void this.#giveUp(connected);
        const wait = again === 'yes' ? 20 * attempt : Math.min(10_000, 500 * 2 ** (attempt - 1));
        const failure = mssqlFailure(error, name, this.#place);
        failingSince ??= Date.now();
        const isOver = Date.now() + wait > failingSince + patienceFor(error, patienceMs);
        if (again === 'no' || this.#closed || isOver) throw failure;
        const reason = failure instanceof Error ? failure.message : String(failure);
        log.debug('database transaction begins again', { destination: name, attempt, reason });
        await sleep(wait * (0.5 + Math.random() / 2));
      }
    }
  }

  async examine(): Promise<Examination> {
    const { target, certificateAuthority, schema, name } = this.#options;
    const pool = new mssql.ConnectionPool(poolConfig(target, certificateAuthority));
    try {
      await pool.connect();
      return await examineTables(pool, schema, `destination "${name}": the database ${this.#place}`);
    } catch (error) {
      throw mssqlFailure(error, name, this.#place);
    } finally {
      await pool.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#giveUp(this.#connected);
  }

  #connect(): Promise<Connected> {
    if (this.#connected === undefined) {
      const opening = this.#open();
      this.#connected = opening;
      // Whoever asked gets the failure; the next one who asks tries again.
      opening.catch(() => {
        if (this.#connected === opening) this.#connected = undefined;
      });
    }
    return this.#connected;
  }

  async #open(): Promise<Connected> {
    const { target, certificateAuthority, schema, name, log } = this.#options;
    let refusal: { number: number; message: string } | undefined;
    const pool = new mssql.ConnectionPool({
      ...poolConfig(target, certificateAuthority),
      validateConnection: 'socket',
      // The driver forgets the number of what refused a login.
      beforeConnect: (connection) => {
        connection.on('errorMessage', (message: { number: number; message: string }) => {
          refusal = message;
        });
      },
    });
    // Connections that end while they are idle: the pool makes new ones.
    pool.on('error', (error: Error) =>
      log.debug('database connection ended', { destination: name, error: error.message }),
    );
    try {
      await pool.connect();
    } catch (error) {
      await pool.close();
      if (error instanceof Error && refusal !== undefined)
        throw Object.assign(error, { number: refusal.number });
      throw error;
    }
    try {
      const where = `destination "${name}": the database ${this.#place}`;
      return { pool, tables: await prepareTables(pool, schema, where, log) };
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Connections in use by others end with their work. */
  async #giveUp(connected: Promise<Connected> | undefined): Promise<void> {
    if (connected === undefined || this.#connected !== connected) return;
    this.#connected = undefined;
    const [opened] = await Promise.allSettled([connected]);
    if (opened.status === 'fulfilled') await Promise.allSettled([opened.value.pool.close()]);
  }
}

/** A transaction that cannot be undone has no connection any more, and the server undoes it by itself. */
async function undo(transaction: Transaction): Promise<void> {
  await Promise.allSettled([transaction.rollback()]);
}

/** For a destination whose place is only known with its secret. */
export function connectionRefused(name: string, reason: string): Failure {
  return new Failure(
    'terminal',
    'bad-connection-string',
    `destination "${name}": the connection string is no good: ${reason}`,
  );
}

import type { Log } from '../../log.ts';
import type { Origin, SessionSink, SessionVersion, StoreOutcome } from '../destination.ts';
import type { RowOptions } from './session-rows.ts';
import { storeInTransaction } from './session-writer.ts';
import type { SqlDatabase } from './sql-database.ts';
import { SqlRefusal, utcNow } from './sql-values.ts';

/** Sessions into any SQL database. */
export class SqlSessionSink implements SessionSink {
  readonly #database: SqlDatabase;
  readonly #options: RowOptions;
  readonly #log: Log;

  constructor(database: SqlDatabase, options: RowOptions, log: Log) {
    this.#database = database;
    this.#options = options;
    this.#log = log;
  }

  async store(origin: Origin, sessions: readonly SessionVersion[]): Promise<readonly StoreOutcome[]> {
    if (sessions.length === 0) return [];
    try {
      return await this.#database.write(origin.host, (transaction) =>
        storeInTransaction(transaction, origin, sessions, this.#options, utcNow()),
      );
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error;
      return this.#apart(origin, sessions, error);
    }
  }

  /** Halves what was refused until the session at fault stands alone; the others are stored. */
  async #apart(
    origin: Origin,
    sessions: readonly SessionVersion[],
    refusal: SqlRefusal,
  ): Promise<readonly StoreOutcome[]> {
    if (sessions.length === 1) {
      const reason = `the database refuses it: ${refusal.message}`;
      this.#log.warn('session rejected', { lsid: sessions[0]?.session.lsid, reason });
      return [{ status: 'rejected', reason }];
    }
    const middle = Math.ceil(sessions.length / 2);
    const first = await this.store(origin, sessions.slice(0, middle));
    return [...first, ...(await this.store(origin, sessions.slice(middle)))];
  }
}

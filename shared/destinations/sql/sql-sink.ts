import type { Log } from '../../log.ts';
import type { Origin, SessionSink, SessionVersion, StoreOutcome } from '../destination.ts';
import type { RowOptions } from './session-rows.ts';
import { storeInTransaction } from './session-writer.ts';
import type { SqlDatabase } from './sql-database.ts';
import { SqlRefusal, utcNow } from './sql-values.ts';
import { readStoredStates } from './stored-states.ts';

/** Sessions into any SQL database. */
export class SqlSessionSink implements SessionSink {
  readonly #database: SqlDatabase;
  readonly #options: RowOptions;
  readonly #destination: string;
  readonly #log: Log;

  /** `destination`: Destination Name, for reasons. */
  constructor(database: SqlDatabase, options: RowOptions, destination: string, log: Log) {
    this.#database = database;
    this.#destination = destination;
    this.#options = options;
    this.#log = log;
  }

  async store(origin: Origin, sessions: readonly SessionVersion[]): Promise<readonly StoreOutcome[]> {
    if (sessions.length === 0) return [];
    try {
      const outcomes = await this.#database.write(origin.host, (transaction) =>
        storeInTransaction(transaction, origin, sessions, this.#options, utcNow()),
      );
      return outcomes.map((outcome) => this.#explained(outcome));
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error;
      return this.#apart(origin, sessions, error);
    }
  }

  async statusOf(
    host: string,
    lsids: readonly string[],
  ): Promise<ReadonlyMap<string, 'stored' | 'not-final'>> {
    if (lsids.length === 0) return new Map();
    const states = await this.#database.read((reader) => readStoredStates(reader, host, [...new Set(lsids)]));
    const found = new Map<string, 'stored' | 'not-final'>();
    for (const [lsid, { sessionId, ours, foreignClosed }] of states)
      if (sessionId !== undefined) found.set(lsid, (ours?.closed ?? foreignClosed) ? 'stored' : 'not-final');
    return found;
  }

  /** Halves what was refused until the session at fault stands alone; the others are stored. */
  async #apart(
    origin: Origin,
    sessions: readonly SessionVersion[],
    refusal: SqlRefusal,
  ): Promise<readonly StoreOutcome[]> {
    if (sessions.length === 1) {
      const reason = `destination "${this.#destination}": the database refuses it (${refusal.message}); correct its tables or triggers, then try again what was set aside`;
      this.#log.warn('session rejected', { lsid: sessions[0]?.session.lsid, reason });
      return [{ status: 'rejected', reason }];
    }
    const middle = Math.ceil(sessions.length / 2);
    const first = await this.store(origin, sessions.slice(0, middle));
    return [...first, ...(await this.store(origin, sessions.slice(middle)))];
  }

  /** A session that could not be made into rows: says where, and what is left to do. */
  #explained(outcome: StoreOutcome): StoreOutcome {
    if (outcome.reason === undefined) return outcome;
    const reason = `destination "${this.#destination}": ${outcome.reason}, which no database holds; a file destination keeps the session as it was sent`;
    return { ...outcome, reason };
  }
}

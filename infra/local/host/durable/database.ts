import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Failure } from '../../../../shared/errors.ts';

/** SQLite's primary result code. */
const SQLITE_FULL = 13;

const schema = `
CREATE TABLE IF NOT EXISTS instances (
  instance_id TEXT PRIMARY KEY,
  execution_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  input TEXT,
  output TEXT,
  custom_status TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  parent TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS history (
  instance_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (instance_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id TEXT NOT NULL,
  execution_id TEXT,
  visible_at INTEGER NOT NULL,
  carried INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS inbox_by_instance ON inbox (instance_id, visible_at);
CREATE INDEX IF NOT EXISTS inbox_by_time ON inbox (visible_at);
CREATE TABLE IF NOT EXISTS activities (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  input TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS activities_by_instance ON activities (instance_id);
CREATE TABLE IF NOT EXISTS timers (
  name TEXT PRIMARY KEY,
  schedule TEXT NOT NULL,
  last TEXT NOT NULL,
  next TEXT NOT NULL,
  updated TEXT NOT NULL
) STRICT;
PRAGMA user_version = 1;
`;

/** The host's own SQLite file. One host at a time owns it; every transaction is on disk when it returns. */
export class HostDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #isClosed = false;

  /** @throws Failure `database-in-use`, `database-newer` */
  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    try {
      // The lock belongs to the process: a killed host leaves none behind.
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE');
      this.#database.exec('PRAGMA journal_mode = WAL');
      this.#database.exec('PRAGMA synchronous = FULL');
      const version = this.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
      if (version > 1) {
        throw new Failure(
          'terminal',
          'database-newer',
          `${path} was written by a newer version of the local host.`,
        );
      }
      this.transaction(() => this.#database.exec(schema));
    } catch (error) {
      this.#database.close();
      if ((error as { errcode?: number }).errcode === 5) {
        throw new Failure(
          'terminal',
          'database-in-use',
          `Another local host is using ${path}. Stop it first.`,
        );
      }
      throw this.#described(error);
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  /** @returns how many rows were changed */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  /** Runs `work`, which must be synchronous, and commits it as one. @throws Failure `disk-full`, and what it throws */
  transaction<Result>(work: () => Result): Result {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw this.#described(error);
    }
  }

  #described(error: unknown): unknown {
    if (((error as { errcode?: number } | null)?.errcode ?? 0) % 256 !== SQLITE_FULL) return error;
    const message = `The file ${this.#path} cannot grow: the disk or its quota is full. Free space, then start again.`;
    return new Failure('terminal', 'disk-full', message, { cause: error });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Failure } from '../errors.ts';
import { fileFailure } from './file-failure.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { checkBatch, checkCollection, checkPart, encodeValue, pageLimit } from './state-checks.ts';
import type { Collection, Entry, ListRange, Operation, Page, StateStore } from './state-store.ts';
import { StateConflict } from './state-store.ts';

export interface SqliteStateOptions {
  /** The file may have at most this many pages of 4 KiB. */
  readonly maxPages?: number;
}

const schemaVersion = 1;
const schema = `CREATE TABLE IF NOT EXISTS entry (
  collection TEXT NOT NULL,
  partition TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (collection, partition, key)
) WITHOUT ROWID`;

/**
 * State in one SQLite file, made when it is absent. Any number of processes may have it open. A promise resolves when
 * the write is on disk (synchronous=FULL), so it survives a kill and a power cut.
 *
 * @throws Failure `terminal`: `disk-full`, `state-unusable`, `state-newer`; `transient`: `state-busy`
 */
export function openSqliteState(path: string, options: SqliteStateOptions = {}): StateStore {
  try {
    const database = openDatabase(path, options);
    return new SqliteState(path, database);
  } catch (error) {
    throw sqliteFailure(fileFailure(error, `the folder of the state file ${path}`), path);
  }
}

function openDatabase(path: string, options: SqliteStateOptions): DatabaseSync {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true });
    // SQLite gives its side files the rights of the file it finds.
    closeSync(openSync(path, 'a', 0o600));
  }
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    const row = database.prepare('PRAGMA user_version').get();
    const version = Number(row?.user_version);
    if (version > schemaVersion) {
      throw new Failure(
        'terminal',
        'state-newer',
        `The state file ${path} was written by a newer version of this program. Install that version.`,
      );
    }
    if (options.maxPages !== undefined)
      database.exec(`PRAGMA max_page_count = ${Math.trunc(options.maxPages)}`);
    if (version < schemaVersion) database.exec(`${schema}; PRAGMA user_version = ${schemaVersion}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const at = 'collection = ? AND partition = ? AND key = ?';

class SqliteState implements StateStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeUnchanged: StatementSync;

  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#get = database.prepare(`SELECT etag, value FROM entry WHERE ${at}`);
    this.#list = database.prepare(
      'SELECT key, etag, value FROM entry WHERE collection = ? AND partition = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
    );
    this.#insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
    this.#update = database.prepare(`UPDATE entry SET etag = ?, value = ? WHERE ${at} AND etag = ?`);
    this.#put = database.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)');
    this.#remove = database.prepare(`DELETE FROM entry WHERE ${at}`);
    this.#removeUnchanged = database.prepare(`DELETE FROM entry WHERE ${at} AND etag = ?`);
  }

  async get<T>(collection: Collection, partition: string, key: string): Promise<Entry<T> | undefined> {
    check(collection, partition, key);
    const row = this.#guard(() => this.#get.get(collection, partition, key));
    return row === undefined ? undefined : toEntry<T>(key, row);
  }

  async list<T>(collection: Collection, partition: string, range: ListRange = {}): Promise<Page<T>> {
    check(collection, partition);
    const limit = pageLimit(range.limit);
    // U+007F comes after every character a key may have.
    const [from, before] = [range.from ?? '', range.before ?? '\x7f'];
    const rows = this.#guard(() => this.#list.all(collection, partition, from, before, limit + 1));
    const entries = rows.slice(0, limit).map((row) => toEntry<T>(String(row.key), row));
    const next = rows[limit];
    return next === undefined ? { entries } : { entries, next: String(next.key) };
  }

  async insert<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    check(collection, partition, key);
    const text = encodeValue(value);
    return this.#guard(() => this.#apply(collection, partition, { op: 'insert', key, value }, 0, text));
  }

  async update<T>(
    collection: Collection,
    partition: string,
    key: string,
    value: T,
    etag: string,
  ): Promise<string> {
    check(collection, partition, key);
    const text = encodeValue(value);
    return this.#guard(() => this.#apply(collection, partition, { op: 'update', key, value, etag }, 0, text));
  }

  async put<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    check(collection, partition, key);
    const text = encodeValue(value);
    return this.#guard(() => this.#apply(collection, partition, { op: 'put', key, value }, 0, text));
  }

  async remove(collection: Collection, partition: string, key: string, etag?: string): Promise<void> {
    check(collection, partition, key);
    const operation: Operation = etag === undefined ? { op: 'remove', key } : { op: 'remove', key, etag };
    this.#guard(() => this.#apply(collection, partition, operation, 0, ''));
  }

  async batch(collection: Collection, partition: string, operations: readonly Operation[]): Promise<void> {
    check(collection, partition);
    checkBatch(operations);
    const texts = operations.map((operation) =>
      operation.op === 'remove' ? '' : encodeValue(operation.value),
    );
    this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const [index, operation] of operations.entries()) {
          this.#apply(collection, partition, operation, index, texts[index] ?? '');
        }
        this.#database.exec('COMMIT');
      } catch (error) {
        // A full disk makes SQLite roll back by itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#guard(() => this.#database.close());
  }

  #apply(collection: string, partition: string, operation: Operation, index: number, text: string): string {
    const { key } = operation;
    const etag = randomUUID();
    if (operation.op === 'put') this.#put.run(collection, partition, key, etag, text);
    else if (operation.op === 'insert') {
      const { changes } = this.#insert.run(collection, partition, key, etag, text);
      if (changes !== 1) throw new StateConflict(`${collection}: ${key} exists`, index);
    } else if (operation.op === 'update') {
      const { changes } = this.#update.run(etag, text, collection, partition, key, operation.etag);
      if (changes !== 1) throw new StateConflict(`${collection}: ${key} was changed or removed`, index);
    } else if (operation.etag === undefined) this.#remove.run(collection, partition, key);
    else {
      const { changes } = this.#removeUnchanged.run(collection, partition, key, operation.etag);
      if (changes !== 1) throw new StateConflict(`${collection}: ${key} was changed or removed`, index);
    }
    return etag;
  }

  #guard<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      throw sqliteFailure(error, this.#path);
    }
  }
}

function check(collection: string, partition: string, key?: string): void {
  checkCollection(collection);
  checkPart('partition', partition);
  if (key !== undefined) checkPart('key', key);
}

function toEntry<T>(key: string, row: Record<string, unknown>): Entry<T> {
  return { key, etag: String(row.etag), value: JSON.parse(String(row.value)) as T };
}

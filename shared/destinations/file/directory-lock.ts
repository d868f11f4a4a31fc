import { DatabaseSync } from 'node:sqlite';

/**
 * A lock on a folder that every process on the machine respects and that ends with its holder, however that ends.
 * Node has no call for file locks of its own; SQLite takes one for a transaction.
 */
export class DirectoryLock {
  readonly #path: string;
  #database: DatabaseSync | undefined;

  /** @param path the lock file; its folder must exist when the lock is first taken */
  constructor(path: string) {
    this.#path = path;
  }

  /** Runs the work alone. It must be short and synchronous: everybody else waits. */
  run<R>(work: () => R): R {
    const database = this.#open();
    database.exec('BEGIN EXCLUSIVE');
    try {
      return work();
    } finally {
      database.exec('ROLLBACK');
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): DatabaseSync {
    if (this.#database === undefined) {
      const database = new DatabaseSync(this.#path);
      database.exec('PRAGMA busy_timeout = 10000');
      this.#database = database;
    }
    return this.#database;
  }
}

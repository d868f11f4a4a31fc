import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { FileEvent } from '../journal.ts';

/** What is expected under a name. */
export interface Expected {
  readonly name: string;
  /** Key of the item. */
  readonly item: string;
  readonly size: number;
  readonly sha256: string;
  /** ISO 8601. */
  readonly at: string;
  /** Removed by Retention Count. */
  readonly gone: boolean;
  /** It was among what the store listed. */
  readonly seen: boolean;
}

/** A name on which the catalog and the manifests do not say the same; one of both is absent, or they differ. */
export interface Doubt {
  readonly name: string;
  readonly told: Expected | undefined;
  readonly catalogued: Omit<Expected, 'seen' | 'gone'> | undefined;
}

const schema = `
CREATE TABLE told (name TEXT PRIMARY KEY, item TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  since TEXT NOT NULL, at TEXT NOT NULL, gone INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE catalogued (name TEXT PRIMARY KEY, item TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE promised (name TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (name, sha256)) WITHOUT ROWID;
CREATE TABLE manifest (name TEXT PRIMARY KEY) WITHOUT ROWID;`;

/** Everything that is known of a destination's files, on disk while it is compared: a million do not fit into memory. */
export class VerifyIndex {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'verify-'));
    this.#database = new DatabaseSync(join(this.#folder, 'index.db'));
    this.#database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000');
    this.#database.exec(`${schema} BEGIN`);
  }

  close(): void {
    this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Undoes what the work has put in when it says false. */
  async tentatively(work: () => Promise<boolean>): Promise<void> {
    this.#database.exec('SAVEPOINT tentative');
    const keep = await work().catch((error: unknown) => {
      this.#database.exec('ROLLBACK TO tentative; RELEASE tentative');
      throw error;
    });
    this.#database.exec(keep ? 'RELEASE tentative' : 'ROLLBACK TO tentative; RELEASE tentative');
  }

  /**
   * Of several events under one name the latest counts, in whatever order they are told. An item has a name alone from
   * when it was stored until it was removed: what was stored after it came after it was removed, too, even if the clock
   * of who removed it was ahead. So it counts first when a file was stored, and only then when it was removed.
   */
  tell({ name, item, size, sha256, storedAt, at, event, overtakenBy }: FileEvent): void {
    if (overtakenBy !== undefined) return;
    this.#run(
      `INSERT INTO told (name, item, size, sha256, since, at, gone) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE
       SET item = excluded.item, size = excluded.size, sha256 = excluded.sha256, since = excluded.since,
         at = excluded.at, gone = excluded.gone
       WHERE (excluded.since, excluded.at) >= (since, at)`,
      name,
      item,
      size,
      sha256,
      storedAt,
      at,
      event === 'pruned' ? 1 : 0,
    );
  }

  catalog({ name, item, size, sha256, at }: Omit<Expected, 'seen' | 'gone'>): void {
    this.#run('INSERT OR REPLACE INTO catalogued VALUES (?, ?, ?, ?, ?)', name, item, size, sha256, at);
  }

  promise(name: string, sha256: string): void {
    this.#run('INSERT OR IGNORE INTO promised VALUES (?, ?)', name, sha256);
  }

  /** Whether an attempt was about to make this content, or any, visible under the name. */
  isPromised(name: string, sha256?: string): boolean {
    const found =
      sha256 === undefined
        ? this.#one('SELECT 1 FROM promised WHERE name = ?', name)
        : this.#one('SELECT 1 FROM promised WHERE name = ? AND sha256 = ?', name, sha256);
    return found !== undefined;
  }

  addManifest(name: string): void {
    this.#run('INSERT OR IGNORE INTO manifest VALUES (?)', name);
  }

  isManifest(name: string): boolean {
    return this.#one('SELECT 1 FROM manifest WHERE name = ?', name) !== undefined;
  }

  *doubts(): Generator<Doubt> {
    // Only reads of names are open while the caller changes rows: SQLite leaves open what such a reader sees.
    const names = this.#pages(
      `SELECT name FROM (
         SELECT t.name FROM told t LEFT JOIN catalogued c ON c.name = t.name
           WHERE (t.gone = 0 AND (c.name IS NULL OR c.sha256 <> t.sha256 OR c.size <> t.size)) OR
                 (t.gone = 1 AND c.name IS NOT NULL)
         UNION ALL
         SELECT c.name FROM catalogued c WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.name = c.name))
       WHERE name > ? ORDER BY name LIMIT 500`,
    );
    for (const { name } of names) {
      const told = this.#one('SELECT * FROM told WHERE name = ?', String(name));
      const catalogued = this.#one('SELECT * FROM catalogued WHERE name = ?', String(name));
      yield {
        name: String(name),
        told: told && toExpected(told),
        catalogued: catalogued && toExpected(catalogued),
      };
    }
  }

  /** From here on this is what is expected. */
  settle(name: string, { item, size, sha256, at }: Omit<Expected, 'seen' | 'gone' | 'name'>): void {
    this.#run(
      'INSERT OR REPLACE INTO told (name, item, size, sha256, since, at, gone) VALUES (?, ?, ?, ?, ?, ?, 0)',
      name,
      item,
      size,
      sha256,
      at,
      at,
    );
  }

  told(name: string): Expected | undefined {
    const row = this.#one('SELECT * FROM told WHERE name = ?', name);
    return row && toExpected(row);
  }

  see(name: string): void {
    this.#run('UPDATE told SET seen = 1 WHERE name = ?', name);
  }

  /** What should be there, in the order of names. */
  *expected(): Generator<Expected> {
    const rows = this.#pages('SELECT * FROM told WHERE gone = 0 AND name > ? ORDER BY name LIMIT 500');
    for (const row of rows) yield toExpected(row);
  }

  count(): { readonly files: number; readonly gone: number } {
    const row = this.#one('SELECT count(*) AS all_of, total(gone) AS gone FROM told');
    const gone = Number(row?.gone);
    return { files: Number(row?.all_of) - gone, gone };
  }

  *#pages(sql: string): Generator<Record<string, unknown>> {
    for (let after = ''; ; ) {
      const rows = this.#statement(sql).all(after);
      if (rows.length === 0) return;
      yield* rows;
      after = String(rows.at(-1)?.name);
    }
  }

  #one(sql: string, ...values: (string | number)[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values);
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

function toExpected(row: Record<string, unknown>): Expected {
  return {
    name: String(row.name),
    item: String(row.item),
    size: Number(row.size),
    sha256: String(row.sha256),
    at: String(row.at),
    gone: row.gone === 1,
    seen: row.seen === 1,
  };
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DataFolder } from '../../infra/local/data-folder.ts';
import { readSessionReport } from '../../shared/appliance/session-report.ts';
import type { CatalogItem, CatalogName } from '../../shared/destinations/file/catalog.ts';
import type { Run } from '../../shared/runs/run.ts';
import type { Session, SessionReading } from '../../shared/sessions/session.ts';
import type { Collection } from '../../shared/state/state-store.ts';
import { readSqlSessions, type SqlSession } from './sql-sessions.ts';

/** Everything an installation has stored, read without the product's own ways of writing it. */
export interface StoredState {
  readonly files: ReadonlyMap<string, StoredFile>;
  /** Files of unfinished attempts, of unfinished slices, and slices that nobody removed. */
  readonly leftovers: {
    readonly incomplete: string[];
    readonly partial: string[];
    readonly staged: string[];
  };
  readonly items: readonly CatalogItem[];
  readonly names: readonly CatalogName[];
  readonly sessions: readonly SqlSession[];
  readonly runs: readonly Run[];
  /** Collection, partition and key → value, of what is left as it is. */
  readonly rows: ReadonlyMap<string, unknown>;
  /** Orchestrations that have not ended, and messages that wait. */
  readonly going: readonly string[];
  /** Log lines of level `error`. */
  readonly errors: readonly string[];
}

export interface StoredFile {
  readonly size: number;
  readonly sha256: string;
  /** Of a session document: what reading it back gives. */
  readonly session?: Session;
  /** Canonical hash, access hashes of URLs left out. */
  readonly hash?: string;
}

export async function readStoredState(data: DataFolder): Promise<StoredState> {
  const rows = stateRows(data.state);
  const of = <T>(collection: Collection, kind = ''): T[] =>
    [...rows].filter(([key]) => key.startsWith(`${collection}/${kind}`)).map(([, value]) => value as T);
  const catalog = [...rows].filter(([key]) => key.startsWith('catalog/'));
  return {
    files: await storedFiles(data.files),
    leftovers: {
      incomplete: list(join(data.files, '.incomplete')).filter((name) => !name.startsWith('lock')),
      partial: list(join(data.staging, '.partial')),
      staged: list(data.staging).filter((name) => !name.startsWith('.partial')),
    },
    items: catalog.filter(([key]) => key.includes('/item|')).map(([, value]) => value as CatalogItem),
    names: catalog.filter(([key]) => key.includes('/name|')).map(([, value]) => value as CatalogName),
    sessions: readSqlSessions(data.sessions),
    runs: of<Run>('runs', 'run/'),
    rows,
    going: goingOn(data.host),
    errors: list(data.log)
      .flatMap((name) => readFileSync(join(data.log, name), 'utf8').split('\n'))
      .filter((line) => line.includes('"level":"error"')),
  };
}

function list(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

async function storedFiles(folder: string): Promise<Map<string, StoredFile>> {
  const files = new Map<string, StoredFile>();
  for (const name of list(folder).filter((name) => !/^\.(incomplete|manifests)/.test(name))) {
    const bytes = readFileSync(join(folder, name));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    files.set(name, {
      size: bytes.length,
      sha256,
      ...(name.endsWith('.xml') ? await readDocument(name, bytes) : {}),
    });
  }
  return files;
}

/** A session document must be whole, and of one session. */
async function readDocument(name: string, bytes: Uint8Array): Promise<{ session: Session; hash: string }> {
  const report = readSessionReport(
    (async function* () {
      yield bytes;
    })(),
  );
  const readings: SessionReading[] = [];
  for await (const reading of report) readings.push(reading);
  const [reading] = readings;
  if (reading === undefined || readings.length !== 1 || !report.complete)
    throw new Error(`${name} holds ${readings.length} sessions`);
  return { session: reading.session, hash: reading.hash };
}

export function stateRows(path: string): Map<string, unknown> {
  const database = new DatabaseSync(path);
  try {
    const rows = database
      .prepare('SELECT collection, partition, key, value FROM entry ORDER BY collection, partition, key')
      .all();
    return new Map(
      rows.map((row) => [
        `${row.collection}/${row.partition}/${row.key}`,
        JSON.parse(String(row.value)) as unknown,
      ]),
    );
  } finally {
    database.close();
  }
}

function goingOn(path: string): string[] {
  const database = new DatabaseSync(path);
  try {
    const of = (sql: string) =>
      database
        .prepare(sql)
        .all()
        .map((row) => JSON.stringify(row));
    return [
      ...of("SELECT instance_id, status FROM instances WHERE status <> 'Completed'"),
      ...of('SELECT instance_id, event FROM inbox'),
      ...of('SELECT instance_id, name FROM activities'),
    ];
  } finally {
    database.close();
  }
}

import { execFile } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sessionRows } from '../../shared/destinations/sql/session-rows.ts';
import { openSqlDestination } from '../../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../../shared/log.ts';
import { numbered, rsOrigin, version } from '../contract/session-sink-fixtures.ts';
import {
  connectionString,
  handPool,
  makeMssql,
  makeSqlite,
  type SqlPlace,
  sqlKinds,
} from '../destination-sql-places.ts';
import { plainMssql, plainSqlite } from './sql-plain.ts';

export const title = 'sessions a second into a database: batches against one INSERT a row';

const BATCH = 100;
/** With 13 events of two values each, people and attributes: 46 rows a session. */
const EVENTS = 13;
const options = { storeSystemInformation: true, storeCapabilityUrls: false };

const sessionsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => version(numbered(first + index, EVENTS)));

async function batches(place: SqlPlace, count: number, packetSize?: number): Promise<number> {
  const secret = async () =>
    packetSize === undefined ? place.secret('sql') : `${await place.secret('sql')};Packet Size=${packetSize}`;
  const destination = await openSqlDestination({
    id: 'sql',
    name: 'Bench',
    settings: place.settings,
    secret,
    log: silentLog,
  });
  try {
    // The tables are made and the statements known before the clock runs.
    await destination.sessions?.store(rsOrigin, sessionsFrom(10_000_000, BATCH));
    const begun = performance.now();
    for (let first = 0; first < count; first += BATCH)
      await destination.sessions?.store(rsOrigin, sessionsFrom(first, BATCH));
    return (1000 * count) / (performance.now() - begun);
  } finally {
    await destination.close();
  }
}

async function plain(place: SqlPlace, count: number): Promise<number> {
  const rows = sessionsFrom(20_000_000, count).map(({ session }) => sessionRows(rsOrigin, session, options));
  if (place.kind === 'sqlite') {
    const database = new DatabaseSync(place.path);
    database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    const begun = performance.now();
    await plainSqlite(database, rows);
    const rate = (1000 * count) / (performance.now() - begun);
    database.close();
    return rate;
  }
  const pool = await handPool();
  try {
    const begun = performance.now();
    await plainMssql(pool, place.path, rows);
    return (1000 * count) / (performance.now() - begun);
  } finally {
    await pool.close();
  }
}

function report(name: string, batch: number, single: number, wanted: number): void {
  const ratio = batch / single;
  console.log(
    `${name}: batches of ${BATCH} ${Math.round(batch)} sessions/s, one INSERT a row ${Math.round(single)} sessions/s: ${ratio.toFixed(1)} times (wanted: ${wanted})`,
  );
}

/** The ways take turns, so that a busy moment of the machine meets them all; the best round of each counts. */
async function inTurns(rounds: number, ways: readonly (() => Promise<number>)[]): Promise<readonly number[]> {
  const best = ways.map(() => 0);
  for (let round = 0; round < rounds; round++)
    for (const [index, way] of ways.entries()) best[index] = Math.max(best[index] ?? 0, await way());
  return best;
}

/** Each round into a new, empty database. */
async function inNew(
  make: () => Promise<SqlPlace>,
  way: (place: SqlPlace) => Promise<number>,
): Promise<number> {
  const place = await make();
  try {
    return await way(place);
  } finally {
    await place.remove();
  }
}

async function compare(make: () => Promise<SqlPlace>, counts: { batches: number; plain: number }) {
  const made = async (place: SqlPlace) => {
    await batches(place, BATCH);
    return place;
  };
  return inTurns(3, [
    () => inNew(make, (place) => batches(place, counts.batches)),
    () =>
      inNew(
        async () => made(await make()),
        (place) => plain(place, counts.plain),
      ),
  ]);
}

export async function run(): Promise<void> {
  const [batch = 0, single = 0] = await compare(makeSqlite, { batches: 2000, plain: 500 });
  report('SQLite', batch, single, 5);
  await memory('sqlite', 'SQLite');
  const server = sqlKinds.find(({ name }) => name === 'SQL Server');
  if (server?.skip !== false) {
    console.log(`SQL Server: not measured: ${server?.skip}`);
    return;
  }
  const [fast = 0, slow = 0] = await compare(makeMssql, { batches: 600, plain: 30 });
  report(`SQL Server (${connectionString().split(';')[0]})`, fast, slow, 12);
  const sizes = [4096, 16_384, 32_767];
  const rates = await inTurns(
    3,
    sizes.map((size) => () => inNew(makeMssql, (place) => batches(place, 400, size))),
  );
  for (const [index, size] of sizes.entries())
    console.log(`SQL Server, packets of ${size} bytes: ${Math.round(rates[index] ?? 0)} sessions/s`);
  await memory('mssql', 'SQL Server');
}

/** In processes of their own: what a load leaves behind is not the next one's. */
async function memory(kind: SqlPlace['kind'], name: string): Promise<void> {
  const peaks: number[] = [];
  for (const count of [1000, 100_000]) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      // A heap that is given room takes it: what grows with the number of sessions would burst this one.
      '--max-old-space-size=64',
      '--max-semi-space-size=8',
      fileURLToPath(new URL('sql-memory.ts', import.meta.url)),
      kind,
      String(count),
    ]);
    peaks.push(Number(stdout));
    console.log(
      `${name}: ${count} sessions in batches of ${BATCH}: ${Math.round(Number(stdout))} MB at most`,
    );
  }
  const [small = 0, large = 0] = peaks;
  console.log(`${name}: 100,000 sessions take ${(large / small).toFixed(2)} times the memory of 1,000`);
}

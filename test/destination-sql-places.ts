import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import mssql from 'mssql';
import type { Destination } from '../shared/destinations/destination.ts';
import {
  openSqlDestination,
  type SqlDestinationOptions,
} from '../shared/destinations/sql/sql-destination.ts';
import type { SqlSettingsInput } from '../shared/destinations/sql/sql-settings.ts';
import { silentLog } from '../shared/log.ts';

/** An empty database, or a schema of its own in one, that is dropped at the end. */
export interface SqlPlace {
  readonly kind: 'sqlite' | 'mssql';
  /** For SQLite the file. */
  readonly path: string;
  readonly settings: SqlSettingsInput;
  /** Of the settings above. */
  readonly secret: (name: string) => Promise<string>;
  /** How a table is called in statements made by hand. */
  table(name: string): string;
  /** One statement by hand; numbers as numbers, times as `YYYY-MM-DD HH:MM:SS`. */
  query(statement: string): Promise<Record<string, unknown>[]>;
  remove(): Promise<void>;
}

export interface SqlKind {
  readonly name: string;
  make(): Promise<SqlPlace>;
}

/** `mssql://user:password@host:port/database?encrypt=false`: a server that speaks TDS. */
const url = asUrl(process.env.TEST_MSSQL_URL ?? '');
const noServer = 'no SQL server: TEST_MSSQL_URL is not set';

/** SQLite, and the server that `TEST_MSSQL_URL` names. Without one the tests on it are skipped, and say so. */
export const sqlKinds: readonly (SqlKind & { readonly skip: string | false })[] = [
  { name: 'SQLite', make: makeSqlite, skip: false },
  { name: 'SQL Server', make: makeMssql, skip: url === '' ? noServer : false },
];

export async function makeSqlite(): Promise<SqlPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'destination-sql-'));
  const path = join(folder, 'sessions.db');
  return {
    kind: 'sqlite',
    path,
    settings: { kind: 'sqlite', path },
    secret: () => Promise.reject(new Error('no secret is needed')),
    table: (name) => `"${name}"`,
    async query(statement) {
      const database = new DatabaseSync(path);
      try {
        return database
          .prepare(statement)
          .all()
          .map((row) => ({ ...row }));
      } finally {
        database.close();
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `mssql://user:password@host:port/database?trustServerCertificate=true`; ADO.NET's form is taken too. */
function asUrl(given: string): string {
  if (given === '' || URL.canParse(given)) return given;
  const parts = new Map(
    given.split(';').map((part): [string, string] => {
      const [name = '', ...value] = part.split('=');
      return [name.trim().toLowerCase().replaceAll(' ', ''), value.join('=').trim()];
    }),
  );
  const of = (...names: string[]) => names.map((name) => parts.get(name)).find(Boolean) ?? '';
  const [host, port = '1433'] = of('server', 'datasource').replace(/^tcp:/i, '').split(',');
  const account = [of('userid', 'uid', 'user'), of('password', 'pwd')].map(encodeURIComponent).join(':');
  const encrypt = of('encrypt').toLowerCase() === 'false' ? 'false' : 'true';
  const trust = of('trustservercertificate').toLowerCase() === 'true';
  const database = encodeURIComponent(of('database', 'initialcatalog') || 'master');
  return `mssql://${account}@${host}:${port}/${database}?encrypt=${encrypt}&trustServerCertificate=${trust}`;
}

/** ADO.NET form of `TEST_MSSQL_URL`; `port` in place of its own, for a proxy. */
export function connectionString(port?: number): string {
  const { username, password, hostname, port: own, pathname, searchParams } = new URL(url);
  const parts = {
    Server: `tcp:${hostname},${port ?? (own || '1433')}`,
    Database: decodeURIComponent(pathname.slice(1)) || 'master',
    'User ID': decodeURIComponent(username),
    Password: `"${decodeURIComponent(password).replaceAll('"', '""')}"`,
    Encrypt: searchParams.get('encrypt') ?? 'true',
    TrustServerCertificate: searchParams.get('trustServerCertificate') ?? 'false',
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

export function serverAddress(): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || 1433) };
}

/** The tests' own connection to the server. */
export function handPool(): Promise<mssql.ConnectionPool> {
  const { username, password, hostname, port, pathname, searchParams } = new URL(url);
  return new mssql.ConnectionPool({
    server: hostname,
    port: Number(port || 1433),
    database: decodeURIComponent(pathname.slice(1)) || 'master',
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    options: {
      encrypt: searchParams.get('encrypt') !== 'false',
      trustServerCertificate: searchParams.get('trustServerCertificate') === 'true',
    },
    pool: { max: 2, min: 0 },
    requestTimeout: 120_000,
  }).connect();
}

export async function makeMssql(): Promise<SqlPlace> {
  const pool = await handPool();
  const schema = `test_${randomBytes(6).toString('hex')}`;
  await pool.request().query(`CREATE SCHEMA ${schema}`);
  const place: SqlPlace = {
    kind: 'mssql',
    path: schema,
    settings: { kind: 'mssql', connectionSecret: 'sql', schema },
    secret: async () => connectionString(),
    table: (name) => `[${schema}].[${name}]`,
    async query(statement) {
      const { recordset } = await pool.request().query<Record<string, unknown>>(statement);
      return (recordset ?? []).map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)])),
      );
    },
    async remove() {
      await dropSchema(place, schema);
      await pool.close();
    },
  };
  return place;
}

/** The driver gives bigint as text. */
function plainValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  return value;
}

async function dropSchema({ query }: SqlPlace, schema: string): Promise<void> {
  const objects = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS kind FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '${schema}'`,
  );
  const named = (kind: string) =>
    objects.filter((object) => object.kind === kind).map(({ name }) => String(name));
  for (const view of named('VIEW')) await query(`DROP VIEW [${schema}].[${view}]`);
  // Children first: a table that is still referred to is not dropped, and its turn comes again.
  for (let left = named('BASE TABLE'), before = -1; left.length > 0 && left.length !== before; ) {
    before = left.length;
    const kept: string[] = [];
    for (const table of left.toReversed()) {
      try {
        await query(`DROP TABLE [${schema}].[${table}]`);
      } catch {
        // Referred to by another one.
        kept.unshift(table);
      }
    }
    left = kept;
  }
  await query(`DROP SCHEMA ${schema}`);
}

/** All rows of a table in the order of their first column, as SQLite gives them. */
export async function rowsIn(place: SqlPlace, table: string): Promise<Record<string, unknown>[]> {
  const rows = await place.query(`SELECT * FROM ${place.table(table)} ORDER BY 1`);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, numberIn(name, value)])),
  );
}

const numberNames =
  /^(id|.*_id|lseq|issue|gs_number|team_number|event_number|survey_number|display_number|is_.*|duration|file_.*|size|closed|read_at|seconds|sessions.*|.*_count|without_end)$/;

function numberIn(name: string, value: unknown): unknown {
  return typeof value === 'string' && numberNames.test(name) && /^-?\d{1,15}$/.test(value)
    ? Number(value)
    : value;
}

export async function countIn(place: SqlPlace, table: string): Promise<number> {
  const [row] = await place.query(`SELECT COUNT(*) AS n FROM ${place.table(table)}`);
  return Number(row?.n);
}

/** An empty place that goes when the test ends. */
export async function placeFor(context: TestContext, kind: SqlKind): Promise<SqlPlace> {
  const place = await kind.make();
  context.after(() => place.remove());
  return place;
}

/** A destination at the place, closed when the test ends. */
export async function destinationAt(
  context: TestContext,
  place: SqlPlace,
  options: Partial<SqlDestinationOptions> = {},
): Promise<Destination> {
  const destination = await openSqlDestination({
    id: 'sql',
    name: 'Reports',
    log: silentLog,
    settings: place.settings,
    secret: place.secret,
    ...options,
  });
  context.after(() => destination.close());
  return destination;
}

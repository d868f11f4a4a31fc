import mssql, { type ConnectionPool } from 'mssql';
import type { Log } from '../../log.ts';
import { DUPLICATES_LISTED, type Examination, examinationLines, examine, isForeign } from './examine.ts';
import { bracketed, mssqlDdl } from './mssql-ddl.ts';
import { mssqlErrorOf } from './mssql-error.ts';
import {
  checkedLook,
  type Found,
  layoutOf,
  missingTableStatements,
  missingViewStatements,
  ourConcern,
  tablesAreComplete,
} from './schema-plan.ts';
import type { ColumnLimit, FoundColumn, FoundObject, Look, SqlLayout } from './sql-layout.ts';

/** What was found or made, and how the server reads JSON. */
export interface MssqlTables {
  readonly layout: SqlLayout;
  readonly schema: string;
  /** Characters of a text that `OPENJSON … WITH` gives whole. */
  readonly longestText: number;
}

export interface MssqlLook {
  readonly found: Found;
  readonly look: Look;
}

/** What is there under the names that concern us. Needs no more than SELECT. */
export async function lookAround(pool: ConnectionPool, schema: string, where: string): Promise<MssqlLook> {
  const request = pool.request();
  request.input('schema', schema);
  request.input('names', JSON.stringify([...ourConcern]));
  const { recordset } = await request.query<Record<string, unknown>>(
    `SELECT t.TABLE_NAME AS name, t.TABLE_TYPE AS kind, c.COLUMN_NAME AS col, c.DATA_TYPE AS type,
  c.CHARACTER_MAXIMUM_LENGTH AS length, s.is_identity AS numbers_itself
FROM INFORMATION_SCHEMA.TABLES t
JOIN INFORMATION_SCHEMA.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
LEFT JOIN sys.columns s ON s.object_id = OBJECT_ID(QUOTENAME(t.TABLE_SCHEMA) + N'.' + QUOTENAME(t.TABLE_NAME)) AND s.name = c.COLUMN_NAME
WHERE t.TABLE_SCHEMA = @schema AND LOWER(t.TABLE_NAME) COLLATE DATABASE_DEFAULT IN (SELECT [value] COLLATE DATABASE_DEFAULT FROM OPENJSON(@names))
ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION`,
  );
  const objects = [...Map.groupBy(recordset, ({ name }) => String(name))].map(([name, rows]): FoundObject => {
    const kind = String(rows[0]?.kind) === 'VIEW' ? 'view' : 'table';
    const id = rows.find(({ col }) => String(col).toLowerCase() === 'id');
    return {
      name,
      kind,
      columns: rows.map((row): FoundColumn => ({ name: String(row.col), ...limitOf(row) })),
      numbersItself: Boolean(id?.numbers_itself),
    };
  });
  const has = (name: string) => objects.some((object) => object.name.toLowerCase() === name);
  const table = (name: string) => `${bracketed(schema)}.${bracketed(name)}`;
  const steps = has('ic_schema')
    ? await pool
        .request()
        .query<{ step: number | null }>(`SELECT MAX([step]) AS step FROM ${table('ic_schema')}`)
    : undefined;
  const made = has('ic_table')
    ? await pool.request().query<{ table_name: string }>(`SELECT [table_name] FROM ${table('ic_table')}`)
    : undefined;
  const found: Found = {
    objects,
    step: Number(steps?.recordset[0]?.step ?? 0),
    ours: new Set(made?.recordset.map((row) => row.table_name)),
  };
  return { found, look: checkedLook(found, where) };
}

const whole: Readonly<Record<string, number>> = {
  tinyint: 255,
  smallint: 32_767,
  int: 2_147_483_647,
  bigint: Number.MAX_SAFE_INTEGER,
  bit: 1,
};

function limitOf({ type, length }: Readonly<Record<string, unknown>>): ColumnLimit {
  const name = String(type).toLowerCase();
  const largest = whole[name];
  if (largest !== undefined) return { largest };
  const most = typeof length === 'number' && length > 0 && length < 1_000_000_000 ? { length } : {};
  if (name === 'nvarchar' || name === 'nchar') return most;
  if (name === 'varchar' || name === 'char' || name === 'text') return { ...most, ascii: true };
  return {};
}

export async function examineTables(
  pool: ConnectionPool,
  schema: string,
  where: string,
): Promise<Examination> {
  const { found, look } = await lookAround(pool, schema, where);
  const [session] = look.layout.session ?? [];
  if (session === undefined) return examine(found, look, [], 0);
  const groups = `FROM ${bracketed(schema)}.${bracketed(session.name)} GROUP BY host_name, lsid HAVING COUNT(*) > 1`;
  const { recordsets } = await pool.request().query(
    `SELECT TOP (${DUPLICATES_LISTED}) host_name, lsid, COUNT(*) AS n, MAX(id) AS id ${groups} ORDER BY 4 DESC;
SELECT COUNT(*) AS n FROM (SELECT lsid ${groups}) AS g`,
  );
  const [listed = [], [count] = []] = recordsets as unknown as Record<string, unknown>[][];
  const duplicates = listed.map(({ host_name: host, lsid, n, id }) => ({
    host: String(host),
    lsid: String(lsid),
    rows: Number(n),
    id: Number(id),
  }));
  return examine(found, look, duplicates, Number(count?.n ?? 0));
}

/**
 * Makes what is missing beside what is there, never altering the latter, and gives where rows go. Each statement may
 * be run again, so that a start that was cut off is completed by the next. Where nothing is missing nothing but
 * SELECT is needed.
 */
export async function prepareTables(
  pool: ConnectionPool,
  schema: string,
  where: string,
  log: Log,
): Promise<MssqlTables> {
  const ddl = mssqlDdl(schema);
  let { found, look } = await lookAround(pool, schema, where);
  // The first time that this program meets tables of somebody else it says what it found in them.
  if (found.step === 0 && isForeign(found, look))
    for (const line of examinationLines(await examineTables(pool, schema, where)))
      log.warn('found in an existing database', { database: where, found: line });
  if (!tablesAreComplete(found, look)) {
    const made = look.missingTables;
    for (const sql of missingTableStatements(ddl, found, look)) await pool.request().query(sql);
    if (made.length > 0) log.info('database tables made', { database: where, tables: made.join(', ') });
    ({ found, look } = await lookAround(pool, schema, where));
  }
  const layout = layoutOf(look, where, true);
  for (const { name, statements } of missingViewStatements(ddl, found, look, layout)) {
    try {
      for (const sql of statements) await pool.request().query(sql);
    } catch (error) {
      // Rows can be stored without it; whoever reads it finds out why it is not there.
      const known = mssqlErrorOf(error);
      if (known?.number === undefined) throw error;
      log.warn('a view could not be made', { database: where, view: name, reason: known.message });
    }
  }
  if (look.missingColumns.length > 0)
    log.warn('the database has no column for some values; they are left out', {
      database: where,
      columns: look.missingColumns.map(({ table, column }) => `${table}.${column}`).join(', '),
    });
  return { layout, schema, longestText: await longestText(pool) };
}

/** SQL Server reads texts of any length out of JSON. Not every server that speaks TDS does (Babelfish 4: 4,000). */
async function longestText(pool: ConnectionPool): Promise<number> {
  const tried = 8_001;
  const request = pool.request();
  request.input('json', mssql.NVarChar(mssql.MAX), JSON.stringify(['x'.repeat(tried)]));
  const { recordset } = await request.query<{ length: number | string }>(
    `SELECT LEN([v]) AS length FROM OPENJSON(@json) WITH ([v] nvarchar(max) '$')`,
  );
  const length = Number(recordset[0]?.length ?? 0);
  return length >= tried ? Number.POSITIVE_INFINITY : length;
}

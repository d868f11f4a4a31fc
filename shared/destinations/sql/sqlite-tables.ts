import type { DatabaseSync } from 'node:sqlite';
import type { Log } from '../../log.ts';
import { DUPLICATES_LISTED, type Examination, examinationLines, examine, isForeign } from './examine.ts';
import {
  checkedLook,
  type Found,
  layoutOf,
  missingTableStatements,
  missingViewStatements,
  ourConcern,
  tablesAreComplete,
} from './schema-plan.ts';
import type { FoundObject, Look, SqlLayout } from './sql-layout.ts';
import { quoted, sqliteDdl } from './sqlite-ddl.ts';

/** Throws a terminal `Failure` where the database is no use. */
export function lookAround(
  database: DatabaseSync,
  where: string,
): { readonly found: Found; readonly look: Look; readonly complete: boolean } {
  const objects = database
    .prepare(`SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')`)
    .all()
    .filter(({ name }) => ourConcern.has(String(name).toLowerCase()))
    .map((row) => foundObject(database, String(row.name), row.type === 'view' ? 'view' : 'table'));
  const has = (name: string) => objects.some((object) => object.name.toLowerCase() === name);
  const found: Found = {
    objects,
    step: has('ic_schema')
      ? Number(database.prepare('SELECT max(step) AS step FROM ic_schema').get()?.step ?? 0)
      : 0,
    ours: new Set(
      has('ic_table')
        ? database
            .prepare('SELECT table_name FROM ic_table')
            .all()
            .map((row) => String(row.table_name))
        : [],
    ),
  };
  const look = checkedLook(found, where);
  const complete =
    tablesAreComplete(found, look) &&
    missingViewStatements(sqliteDdl, found, look, layoutOf(look, where, false)).length === 0;
  return { found, look, complete };
}

/** Makes what is missing beside what is there, never altering the latter. To be called inside a write transaction. */
export function makeTables(database: DatabaseSync, where: string, log: Log): SqlLayout {
  const before = lookAround(database, where);
  for (const sql of missingTableStatements(sqliteDdl, before.found, before.look)) database.exec(sql);
  const { found, look } = lookAround(database, where);
  const layout = layoutOf(look, where, false);
  const views = missingViewStatements(sqliteDdl, found, look, layout);
  for (const { statements } of views) for (const sql of statements) database.exec(sql);
  const made = [...before.look.missingTables, ...views.map(({ name }) => name)];
  if (made.length > 0) log.info('database tables made', { database: where, tables: made.join(', ') });
  return layout;
}

function foundObject(database: DatabaseSync, name: string, kind: 'table' | 'view'): FoundObject {
  // A view's columns are of no interest, and a view whose table is gone could not say.
  const columns = kind === 'view' ? [] : database.prepare(`PRAGMA table_info(${quoted(name)})`).all();
  const keys = columns.filter(({ pk }) => pk !== 0);
  const [key] = keys;
  return {
    name,
    kind,
    // SQLite enforces no length and no type.
    columns: columns.map((column) => ({ name: String(column.name) })),
    // Only a sole key declared as INTEGER is the row number, which SQLite gives by itself.
    numbersItself:
      keys.length === 1 &&
      String(key?.name).toLowerCase() === 'id' &&
      String(key?.type).toUpperCase() === 'INTEGER',
  };
}

export function examineTables(database: DatabaseSync, where: string): Examination {
  const { found, look } = lookAround(database, where);
  const [session] = look.layout.session ?? [];
  if (session === undefined) return examine(found, look, [], 0);
  const groups = `FROM ${quoted(session.name)} GROUP BY host_name, lsid HAVING count(*) > 1`;
  const listed = database
    .prepare(
      `SELECT host_name, lsid, count(*) AS n, max(id) AS id ${groups} ORDER BY 4 DESC LIMIT ${DUPLICATES_LISTED}`,
    )
    .all();
  const all = Number(database.prepare(`SELECT count(*) AS n FROM (SELECT 1 ${groups})`).get()?.n ?? 0);
  const duplicates = listed.map(({ host_name: host, lsid, n, id }) => ({
    host: String(host),
    lsid: String(lsid),
    rows: Number(n),
    id: Number(id),
  }));
  return examine(found, look, duplicates, all);
}

/** The first time that this program meets tables of somebody else it says what it found in them. */
export function reportForeign(database: DatabaseSync, where: string, log: Log): void {
  const { found, look } = lookAround(database, where);
  if (found.step > 0 || !isForeign(found, look)) return;
  for (const line of examinationLines(examineTables(database, where)))
    log.warn('found in an existing database', { database: where, found: line });
}

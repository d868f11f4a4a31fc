import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { schemaStep, schemaSteps } from './ic-schema.ts';
import { type FoundObject, type Look, lookAt, type SqlLayout } from './sql-layout.ts';
import { columnsOf, guideAliases, guideTableNames } from './sql-schema.ts';
import { createGuideTable, createOwnTables, createView, quoted } from './sqlite-ddl.ts';

const ownTables = ['ic_schema', 'ic_session', 'ic_check'];
/** Whatever else lives in the database is none of our business. */
const ourConcern = new Set([...guideTableNames, ...Object.values(guideAliases), ...ownTables]);

/** Whether everything is there: then opening writes nothing. Throws a terminal `Failure` where the database is no use. */
export function tablesAreComplete(database: DatabaseSync, where: string): boolean {
  const { found, look } = lookAround(database, where);
  return (
    ownTables.every((name) => found.has(name)) &&
    look.missingTables.length === 0 &&
    look.missingViews.length === 0 &&
    lastStep(database, found, where) === schemaStep
  );
}

/** Makes what is missing beside what is there, never altering the latter. To be called inside a write transaction. */
export function makeTables(database: DatabaseSync, where: string, log: Log): SqlLayout {
  const { found, look } = lookAround(database, where);
  const last = lastStep(database, found, where);
  for (const table of look.missingTables) for (const sql of createGuideTable(table)) database.exec(sql);
  for (const sql of createOwnTables) database.exec(sql);
  const layout = layoutOf(database, where);
  for (const { name, table } of look.missingViews) {
    const [base] = layout.tables[table];
    if (base === undefined) throw new Error(`no table for ${table}`);
    const columns = columnsOf(table).flatMap(([column, kind]) =>
      kind === 'id' || kind === 'session' || kind === 'event' || base.columns.has(column) ? [column] : [],
    );
    database.exec(createView(name, base.name, columns));
  }
  const note = database.prepare(
    'INSERT OR IGNORE INTO ic_schema (step, name, applied_at) VALUES (?, ?, datetime())',
  );
  for (let step = last + 1; step <= schemaStep; step++) note.run(step, schemaSteps[step - 1] ?? '');
  const made = [...look.missingTables, ...look.missingViews.map(({ name }) => name)];
  if (made.length > 0) log.info('database tables made', { database: where, tables: made.join(', ') });
  return layout;
}

/** Where rows go, once all tables are there. */
export function layoutOf(database: DatabaseSync, where: string): SqlLayout {
  const { look } = lookAround(database, where);
  const tables = look.layout;
  for (const table of guideTableNames)
    if (tables[table] === undefined)
      throw new Failure('terminal', 'unexpected-tables', `${where}: table ${table} is missing`);
  return { tables: tables as SqlLayout['tables'] };
}

export function missingColumns(database: DatabaseSync, where: string): readonly string[] {
  return lookAround(database, where).look.missingColumns;
}

function lookAround(database: DatabaseSync, where: string): { found: Map<string, FoundObject>; look: Look } {
  const objects = database
    .prepare(`SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')`)
    .all()
    .filter(({ name }) => ourConcern.has(String(name).toLowerCase()))
    .map((row) => foundObject(database, String(row.name), row.type === 'view' ? 'view' : 'table'));
  const look = lookAt(objects);
  if (look.faults.length > 0)
    throw new Failure(
      'terminal',
      'unexpected-tables',
      `${where} is no database of the Integration Client: ${look.faults.join('; ')}; give another path`,
    );
  return { found: new Map(objects.map((object) => [object.name.toLowerCase(), object])), look };
}

function foundObject(database: DatabaseSync, name: string, kind: 'table' | 'view'): FoundObject {
  // A view's columns are of no interest, and a view whose table is gone could not say.
  const columns = kind === 'view' ? [] : database.prepare(`PRAGMA table_info(${quoted(name)})`).all();
  const keys = columns.filter(({ pk }) => pk !== 0);
  const [key] = keys;
  return {
    name,
    kind,
    columns: columns.map((column) => String(column.name)),
    // Only a sole key declared as INTEGER is the row number, which SQLite gives by itself.
    numbersItself:
      keys.length === 1 &&
      String(key?.name).toLowerCase() === 'id' &&
      String(key?.type).toUpperCase() === 'INTEGER',
  };
}

function lastStep(database: DatabaseSync, found: ReadonlyMap<string, FoundObject>, where: string): number {
  if (!found.has('ic_schema')) return 0;
  const step = Number(database.prepare('SELECT max(step) AS step FROM ic_schema').get()?.step ?? 0);
  if (step > schemaStep)
    throw new Failure(
      'terminal',
      'newer-database',
      `${where} was made by a newer version (step ${step}, this one knows ${schemaStep}); use that version`,
    );
  return step;
}

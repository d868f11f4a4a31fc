import type { DdlDialect } from './ddl.ts';
import type { Found } from './schema-plan.ts';
import type { ColumnLimit, Look } from './sql-layout.ts';
import { type ColumnKind, columnsOf, type GuideTable, guideTableNames, namesOf } from './sql-schema.ts';

/** What was found in tables that somebody else made. They are used as they stand; a DBA may want to change them. */
export interface Examination {
  /** `table.column`s of the guides that are missing: their values are left out. */
  readonly missing: readonly ColumnOf[];
  /** Columns that cannot hold all that appliances send: such values are cut there, and kept whole in `ic_session`. */
  readonly narrow: readonly (ColumnOf & { readonly limit: ColumnLimit })[];
  /** Sessions that stand there more than once, the newest first; at most `DUPLICATES_LISTED`. */
  readonly duplicates: readonly DuplicateSession[];
  readonly duplicateSessions: number;
  /** Views that this program made. */
  readonly views: readonly string[];
}
export interface ColumnOf {
  readonly table: string;
  readonly column: string;
  readonly kind: ColumnKind;
}
export interface DuplicateSession {
  readonly host: string;
  readonly lsid: string;
  readonly rows: number;
  /** The row that is taken over and kept up to date: the highest. */
  readonly id: number;
}

export const DUPLICATES_LISTED = 100;

/** Characters that appliances are known to need; `text` has no end. */
const wanted: Readonly<Partial<Record<ColumnKind, number>>> = { name: 255, key: 255, long: 800 };

export function examine(
  found: Found,
  look: Look,
  duplicates: readonly DuplicateSession[],
  duplicateSessions: number,
): Examination {
  const missing = look.missingColumns.map(({ table, guideTable, column }) => ({
    table,
    column,
    kind: kindOfColumn(guideTable, column),
  }));
  const narrow = guideTableNames.flatMap((guideTable) =>
    (look.layout[guideTable] ?? [])
      .filter(({ name }) => !found.ours.has(name.toLowerCase()))
      .flatMap(({ name, limits }) =>
        [...limits].flatMap(([column, limit]) => {
          const kind = kindOfColumn(guideTable, column);
          return isNarrow(column, kind, limit) ? [{ table: name, column, kind, limit }] : [];
        }),
      ),
  );
  const views = found.objects
    .filter(({ name, kind }) => kind === 'view' && (name.startsWith('ic_') || found.ours.has(name)))
    .map(({ name }) => name);
  return { missing, narrow, duplicates, duplicateSessions, views };
}

function kindOfColumn(table: GuideTable, column: string): ColumnKind {
  return columnsOf(table).find(([name]) => name === column)?.[1] ?? 'text';
}

function isNarrow(column: string, kind: ColumnKind, limit: ColumnLimit): boolean {
  // An lsid and an address of a host are ASCII.
  if (column === 'lsid') return limit.length !== undefined && limit.length < 32;
  if (limit.ascii && column !== 'host_name' && !column.endsWith('_ip')) return true;
  return limit.length !== undefined && limit.length < (wanted[kind] ?? Number.POSITIVE_INFINITY);
}

/** Whether the tables of sessions are somebody else's. */
export function isForeign(found: Found, look: Look): boolean {
  const names = new Set(guideTableNames.flatMap(namesOf).map((name) => name.toLowerCase()));
  const there = found.objects.filter(({ name, kind }) => kind === 'table' && names.has(name.toLowerCase()));
  return (
    look.missingTables.length < guideTableNames.length &&
    there.some(({ name }) => !found.ours.has(name.toLowerCase()))
  );
}

/** One line each, for people. */
export function examinationLines(examination: Examination): readonly string[] {
  const { missing, narrow, duplicates, duplicateSessions } = examination;
  return [
    ...missing.map(({ table, column }) => `${table} has no column ${column}: its values are left out`),
    ...narrow.map(({ table, column, limit }) => {
      const holds = [
        ...(limit.length === undefined ? [] : [`${limit.length} characters`]),
        ...(limit.ascii ? ['one code page'] : []),
      ];
      return `${table}.${column} holds ${holds.join(' of ')}: other values are cut, and kept whole in ic_session`;
    }),
    ...(duplicateSessions === 0
      ? []
      : [
          `sessions that stand there more than once: ${duplicateSessions}; of each the highest id is kept up to date`,
        ]),
    ...duplicates.map(
      ({ host, lsid, rows, id }) => `${host} ${lsid}: ${rows} rows, ${id} is kept up to date`,
    ),
  ];
}

/**
 * What a DBA can do about it. Columns are added and widened; removing the older rows of sessions that stand there
 * more than once is left in comments, since it is somebody's data.
 */
export function examinationStatements(
  dialect: DdlDialect,
  { missing, narrow, duplicateSessions, views }: Examination,
): readonly string[] {
  const options = { needed: false, primary: false, references: undefined };
  const add = missing.map(({ table, column, kind }) =>
    dialect.addColumn(table, column, dialect.column(kind, options)),
  );
  const widen = narrow.map(({ table, column, kind }) =>
    dialect.widenColumn(table, column, dialect.column(kind, options)),
  );
  // A view holds on to its columns. The program makes its own again when it starts.
  const drop = add.length + widen.length > 0 ? views.map((name) => dialect.dropView(name)) : [];
  if (duplicateSessions === 0) return [...drop, ...add, ...widen];
  const session = dialect.table('session');
  const older = `SELECT id FROM ${session} s WHERE EXISTS (SELECT 1 FROM ${session} n WHERE n.host_name = s.host_name AND n.lsid = s.lsid AND n.id > s.id)`;
  const remove = guideTableNames.toReversed().map((table) => {
    const name = dialect.table(table);
    if (table === 'session') return `-- DELETE FROM ${name} WHERE id IN (${older})`;
    const events = `SELECT id FROM ${dialect.table('session_event')} WHERE session_id IN (${older})`;
    const below = columnsOf(table).some(([, kind]) => kind === 'event');
    return below
      ? `-- DELETE FROM ${name} WHERE session_event_id IN (${events})`
      : `-- DELETE FROM ${name} WHERE session_id IN (${older})`;
  });
  return [
    ...drop,
    ...add,
    ...widen,
    ['-- Older rows of sessions that stand there more than once:', ...remove].join('\n'),
  ];
}

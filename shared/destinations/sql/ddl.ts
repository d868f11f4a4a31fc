import { type OwnKind, type OwnTableName, ownTable, ownTableNames, schemaSteps } from './own-schema.ts';
import { completeTables, peopleViews, type ViewDialect } from './people-views.ts';
import {
  columnsOf,
  type GuideTable,
  guideAliases,
  guideIndexes,
  guideTableNames,
  namesOfColumns,
} from './sql-schema.ts';

/** How one database product says what the schema means. Every statement made may be run again. */
export interface DdlDialect extends ViewDialect {
  readonly id: 'sqlite' | 'mssql';
  quoted(name: string): string;
  /** Type and constraints of a column. `references`: the table that a foreign key points to, none = a plain number. */
  column(kind: OwnKind, options: ColumnOptions): string;
  createTable(name: string, lines: readonly string[]): string;
  addColumn(table: string, column: string, definition: string): string;
  widenColumn(table: string, column: string, definition: string): string;
  createIndex(name: string, table: string, columns: readonly string[]): string;
  createView(name: string, select: string): string;
  dropView(name: string): string;
  /** Notes a step as taken, or a table or view as made by this program. */
  noteStep(step: number, name: string): string;
  noteTable(name: string): string;
}
export interface ColumnOptions {
  readonly needed: boolean;
  readonly primary: boolean;
  readonly references: string | undefined;
}

/** Tables whose rows go with their parent's: only where this program made the parent, which nobody else constrains. */
export type IsOurs = (table: GuideTable | OwnTableName) => boolean;

const parents = { session: 'session', event: 'session_event', report: 'ic_report' } as const;

function columnLine(
  dialect: DdlDialect,
  name: string,
  kind: OwnKind,
  options: { needed: boolean; primary: boolean },
  isOurs: IsOurs,
): string {
  const parent = kind === 'session' || kind === 'event' || kind === 'report' ? parents[kind] : undefined;
  const references = parent !== undefined && isOurs(parent) ? parent : undefined;
  return `${dialect.quoted(name)} ${dialect.column(kind, { ...options, references })}`;
}

/** A table of the guides with its indexes. */
export function createGuideTable(dialect: DdlDialect, table: GuideTable, isOurs: IsOurs): readonly string[] {
  const lines = columnsOf(table).map(([name, kind]) => {
    const needed = table === 'session' && (name === 'lsid' || name === 'host_name');
    return columnLine(dialect, name, kind, { needed, primary: false }, isOurs);
  });
  return [
    dialect.createTable(table, lines),
    ...guideIndexes[table].map((names) => createIndex(dialect, table, names)),
    dialect.noteTable(table),
  ];
}

export function createOwnTable(dialect: DdlDialect, name: OwnTableName, isOurs: IsOurs): readonly string[] {
  const { columns, needed, primary, unique, indexes = [] } = ownTable(name);
  const lines = Object.entries(columns).map(([column, kind]) =>
    columnLine(
      dialect,
      column,
      kind,
      { needed: needed.includes(column), primary: column === primary },
      isOurs,
    ),
  );
  if (unique !== undefined)
    lines.push(`UNIQUE (${unique.map((column) => dialect.quoted(column)).join(', ')})`);
  return [dialect.createTable(name, lines), ...indexes.map((names) => createIndex(dialect, name, names))];
}

/** A column that a later step added to a table of ours. */
export function addOwnColumn(dialect: DdlDialect, table: OwnTableName, column: string): string {
  const kind = ownTable(table).columns[column];
  if (kind === undefined) throw new Error(`${table} has no column ${column}`);
  const options = { needed: false, primary: false, references: undefined };
  return dialect.addColumn(table, column, dialect.column(kind, options));
}

function createIndex(dialect: DdlDialect, table: string, columns: readonly string[]): string {
  const name = `${table.startsWith('ic_') ? '' : 'ic_'}${table}_${columns.join('_')}`;
  return dialect.createIndex(name, table, columns);
}

/** A view that shows a table under its other name. */
export function createAlias(
  dialect: DdlDialect,
  name: string,
  base: { readonly name: string; readonly columns: readonly string[] },
): string {
  const columns = base.columns.map((column) => dialect.quoted(column)).join(', ');
  return dialect.createView(name, `SELECT ${columns} FROM ${dialect.table(base.name)}`);
}

/** Everything, for an empty database: a script whose statements may each be run again. */
export function wholeSchema(dialect: DdlDialect): readonly string[] {
  const ours = () => true;
  const [first = 'ic_schema', second = 'ic_table', ...others] = ownTableNames;
  return [
    ...createOwnTable(dialect, first, ours),
    ...createOwnTable(dialect, second, ours),
    ...guideTableNames.flatMap((table) => createGuideTable(dialect, table, ours)),
    ...others.flatMap((table) => createOwnTable(dialect, table, ours)),
    ...guideTableNames.flatMap((table) => {
      const alias = guideAliases[table];
      if (alias === undefined) return [];
      return [
        createAlias(dialect, alias, { name: table, columns: namesOfColumns(table) }),
        dialect.noteTable(alias),
      ];
    }),
    ...peopleViews(dialect, completeTables).map(({ name, select }) => dialect.createView(name, select)),
    ...schemaSteps.map((name, index) => dialect.noteStep(index + 1, name)),
  ];
}

import type { Examination } from './examine.ts';
import { type OwnTableName, ownTables } from './own-schema.ts';
import type { SqlLayout } from './sql-layout.ts';
import { type ColumnKind, type GuideTable, guideTables } from './sql-schema.ts';
import type { SqlValue } from './sql-values.ts';

/**
 * The seam between what every SQL destination does and one database product: some ten statements by name. Rows go in
 * as arrays, many at a time; keys come back by themselves. Names of tables and columns come from constants or from
 * the database's own catalogue, never from data.
 *
 * Throws `Failure` (a person or time has to help) or `SqlRefusal` (the rows themselves are at fault).
 */
export interface SqlDatabase {
  /**
   * One write transaction: committed and durable when `work` has resolved, undone when it throws. `work` may be
   * called again from the start when the connection was lost or the database asks for it; nothing of the call before
   * is left then. Two transactions of one `host` never run at once.
   */
  write<T>(host: string, work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** Reads without holding anybody up. `work` may be called again, as with `write`. */
  read<T>(work: (reader: SqlReader) => Promise<T>): Promise<T>;
  /** Looks at the tables without making or changing anything. */
  examine(): Promise<Examination>;
  close(): Promise<void>;
}

export type SqlReader = Pick<SqlTransaction, 'layout' | 'find' | 'findSessions' | 'page' | 'count'>;

/**
 * Statements without a result may be held back and sent together with the next one that has a result, or with the
 * commit: what they refuse is thrown there.
 */
export interface SqlTransaction {
  /** The database's tables as they were found or made. */
  readonly layout: SqlLayout;
  /** Of each table, the rows of these sessions, ordered by the first column asked for. `host_name` and `lsid` are compared as the database does. */
  findSessions(
    host: string,
    lsids: readonly string[],
    selects: readonly { readonly table: TableRef; readonly columns: readonly string[] }[],
  ): Promise<Row[][]>;
  /** The rows whose `column` is one of `values`, ordered by the first column asked for. */
  find(table: TableRef, columns: readonly string[], column: string, values: readonly Key[]): Promise<Row[]>;
  /** Up to `limit` rows with more than `after` in the column asked for first, a number that is unique, in its order. */
  page(table: TableRef, columns: readonly string[], after: number, limit: number): Promise<Row[]>;
  /** How many rows it has. */
  count(table: TableRef): Promise<number>;
  removeWhere(table: TableRef, column: string, values: readonly Key[]): Promise<void>;
  /** Removes the rows whose `column` is the `id` of a row of `parent` whose own `parentColumn` is one of `values`. */
  removeBelow(
    table: TableRef,
    column: string,
    parent: TableRef,
    parentColumn: string,
    values: readonly Key[],
  ): Promise<void>;
  insert(table: TableRef, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  /** The first column is the table's own `id`, with the values it is to have. */
  insertWithIds(table: TableRef, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  /**
   * The new `id`s, in the order of the rows. `by`: the columns by which a database finds them again; before the
   * insert it has no row with these values.
   */
  insertForIds(
    table: TableRef,
    columns: readonly string[],
    rows: readonly Row[],
    by: readonly string[],
  ): Promise<number[]>;
  /** Each row is the `id` and then the new values of `columns`. */
  updateById(table: TableRef, columns: readonly string[], rows: readonly Row[]): Promise<void>;
}

type Row = readonly SqlValue[];
type Key = string | number;

/** A table under the name it has in this database, and which of ours or the guides' it is. */
export interface TableRef {
  readonly name: string;
  readonly shape: GuideTable | OwnTableName;
}

export function ownRef(name: OwnTableName): TableRef {
  return { name, shape: name };
}

export function kindOf({ shape }: TableRef, column: string): ColumnKind | 'seconds' | 'step' {
  const columns: Readonly<Record<string, ColumnKind | 'seconds' | 'step'>> =
    shape in ownTables ? ownTables[shape as OwnTableName].columns : guideTables[shape as GuideTable];
  const kind = columns[column];
  if (kind === undefined) throw new Error(`${shape} has no column ${column}`);
  return kind;
}

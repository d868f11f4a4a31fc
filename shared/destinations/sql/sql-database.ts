import type { SqlLayout } from './sql-layout.ts';
import type { SqlValue } from './sql-values.ts';

/**
 * The seam between what every SQL destination does and one database product: some ten statements by name. Rows go in
 * as arrays, many at a time; keys come back by themselves. Names of tables and columns come from constants or from
 * the database's own catalogue, never from data.
 *
 * Throws `Failure` (a person or time has to help) or `SqlRefusal` (the rows themselves are at fault).
 */
export interface SqlDatabase {
  /** One write transaction: committed and durable when `work` has resolved, undone when it throws. */
  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface SqlTransaction {
  /** The database's tables as they were found or made. */
  readonly layout: SqlLayout;
  /** Rows of `session` or `ic_session` of these sessions, ordered by the first column asked for. */
  findSessions(
    table: string,
    columns: readonly string[],
    host: string,
    lsids: readonly string[],
  ): Promise<Row[]>;
  /** The `id`s of the rows whose `column` is one of `values`. */
  idsWhere(table: string, column: string, values: readonly number[]): Promise<number[]>;
  removeWhere(table: string, column: string, values: readonly number[]): Promise<void>;
  insert(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  /** The new `id`s, in the order of the rows. */
  insertForIds(table: string, columns: readonly string[], rows: readonly Row[]): Promise<number[]>;
  /** Each row is the `id` and then the new values of `columns`. */
  updateById(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void>;
}

type Row = readonly SqlValue[];

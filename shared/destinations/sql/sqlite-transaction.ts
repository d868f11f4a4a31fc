import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row } from './session-rows.ts';
import type { SqlTransaction, TableRef } from './sql-database.ts';
import type { SqlLayout } from './sql-layout.ts';
import { quoted } from './sqlite-ddl.ts';

/** Measured best: 1.6 times as fast as a statement a row, and as one JSON parameter through json_each. */
const ROWS_A_STATEMENT = 100;

type Key = string | number;

/** The statements of one connection; each is prepared once. */
export class SqliteTransaction implements SqlTransaction {
  readonly layout: SqlLayout;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, layout: SqlLayout) {
    this.#database = database;
    this.layout = layout;
  }

  async findSessions(
    host: string,
    lsids: readonly string[],
    selects: readonly { readonly table: TableRef; readonly columns: readonly string[] }[],
  ) {
    const given = JSON.stringify(lsids);
    return selects.map(({ table, columns }) => {
      const names = columns.map(quoted).join(', ');
      const sql = `SELECT ${names} FROM ${quoted(table.name)} WHERE host_name = ? AND lsid IN (SELECT value FROM json_each(?)) ORDER BY 1`;
      return rowsOf(this.#prepared(sql).all(host, given));
    });
  }

  async find(table: TableRef, columns: readonly string[], column: string, values: readonly Key[]) {
    const names = columns.map(quoted).join(', ');
    const sql = `SELECT ${names} FROM ${quoted(table.name)} WHERE ${quoted(column)} IN (SELECT value FROM json_each(?)) ORDER BY 1`;
    return rowsOf(this.#prepared(sql).all(JSON.stringify(values)));
  }

  async page(table: TableRef, columns: readonly string[], after: number, limit: number) {
    const names = columns.map(quoted).join(', ');
    const key = quoted(columns[0] ?? 'id');
    const sql = `SELECT ${names} FROM ${quoted(table.name)} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`;
    return rowsOf(this.#prepared(sql).all(after, limit));
  }

  async count({ name }: TableRef) {
    const [row] = rowsOf(this.#prepared(`SELECT count(*) FROM ${quoted(name)}`).all());
    return Number(row?.[0]);
  }

  insertWithIds(table: TableRef, columns: readonly string[], rows: readonly Row[]) {
    return this.insert(table, columns, rows);
  }

  async removeWhere({ name }: TableRef, column: string, values: readonly Key[]) {
    if (values.length === 0) return;
    const sql = `DELETE FROM ${quoted(name)} WHERE ${quoted(column)} IN (SELECT value FROM json_each(?))`;
    this.#prepared(sql).run(JSON.stringify(values));
  }

  async removeBelow(
    { name }: TableRef,
    column: string,
    parent: TableRef,
    parentColumn: string,
    values: readonly Key[],
  ) {
    const ids = `SELECT id FROM ${quoted(parent.name)} WHERE ${quoted(parentColumn)} IN (SELECT value FROM json_each(?))`;
    const sql = `DELETE FROM ${quoted(name)} WHERE ${quoted(column)} IN (${ids})`;
    this.#prepared(sql).run(JSON.stringify(values));
  }

  async insert({ name }: TableRef, columns: readonly string[], rows: readonly Row[]) {
    for (const part of inParts(rows))
      this.#prepared(insertSql(name, columns, part.length)).run(...part.flat());
  }

  async insertForIds({ name }: TableRef, columns: readonly string[], rows: readonly Row[]) {
    return inParts(rows).flatMap((part) => {
      const sql = `${insertSql(name, columns, part.length)} RETURNING id`;
      // The order of RETURNING is not promised; ids rise in the order of insertion.
      return idsOf(this.#prepared(sql).all(...part.flat())).sort((a, b) => a - b);
    });
  }

  async updateById({ name }: TableRef, columns: readonly string[], rows: readonly Row[]) {
    const sets = columns.map((column) => `${quoted(column)} = ?`).join(', ');
    const statement = this.#prepared(`UPDATE ${quoted(name)} SET ${sets} WHERE id = ?`);
    for (const [id = null, ...values] of rows) statement.run(...values, id);
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Full parts share one prepared statement; the rest goes row by row, so that few statements are kept. */
function inParts(rows: readonly Row[]): readonly (readonly Row[])[] {
  const whole = rows.length - (rows.length % ROWS_A_STATEMENT);
  const parts: (readonly Row[])[] = [];
  for (let from = 0; from < whole; from += ROWS_A_STATEMENT)
    parts.push(rows.slice(from, from + ROWS_A_STATEMENT));
  for (const row of rows.slice(whole)) parts.push([row]);
  return parts;
}

function insertSql(table: string, columns: readonly string[], rows: number): string {
  const row = `(${columns.map(() => '?').join(', ')})`;
  return `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`;
}

/** With setReturnArrays a row is an array, which the type of `all` does not say. */
function rowsOf(rows: unknown): Row[] {
  return rows as Row[];
}

function idsOf(rows: unknown): number[] {
  return rowsOf(rows).map(([id]) => Number(id));
}

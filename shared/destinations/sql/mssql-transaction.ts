import mssql, { type Transaction } from 'mssql';
import { Failure } from '../../errors.ts';
import { type JsonRows, jsonKeys, jsonRows, undoing } from './json-rows.ts';
import { bracketed } from './mssql-ddl.ts';
import {
  collation,
  columnValue,
  jsonType,
  list,
  longTexts,
  parametersOf,
  rowsOf,
  valuesOf,
} from './mssql-rows.ts';
import type { MssqlTables } from './mssql-tables.ts';
import type { Row } from './session-rows.ts';
import { kindOf, ownRef, type SqlTransaction, type TableRef } from './sql-database.ts';
import type { SqlLayout } from './sql-layout.ts';

type Key = string | number;
interface Statement {
  /** `@1`, `@2` … stand for the parameters. */
  readonly sql: string;
  readonly parameters: readonly string[];
}

/**
 * Every value goes in as a parameter: rows as one JSON text a table, which `OPENJSON` reads. Statements without a
 * result wait for the next one that has a result, so that a batch of sessions takes few round trips.
 */
export class MssqlTransaction implements SqlTransaction {
  readonly layout: SqlLayout;
  readonly #transaction: Transaction;
  readonly #schema: string;
  readonly #longest: number;
  #waiting: Statement[] = [];

  constructor(transaction: Transaction, { layout, schema, longestText }: MssqlTables) {
    this.#transaction = transaction;
    this.layout = layout;
    this.#schema = schema;
    this.#longest = longestText;
  }

  /** Held until the commit: another transaction of this host waits here. */
  lock(host: string): void {
    const writer = this.#table(ownRef('ic_writer'));
    this.#later(
      `UPDATE ${writer} SET [turn] = [turn] + 1 WHERE [host_name] = @1;
IF @@ROWCOUNT = 0 INSERT INTO ${writer} ([host_name], [turn]) VALUES (@1, 1)`,
      host,
    );
  }

  async findSessions(
    host: string,
    lsids: readonly string[],
    selects: readonly { readonly table: TableRef; readonly columns: readonly string[] }[],
  ): Promise<Row[][]> {
    const keys = jsonKeys(lsids);
    const statements = selects.map(({ table, columns }) => {
      const ofHost = `[host_name] = CAST(@1 AS ${this.#keyType(table, 'host_name')})`;
      return `SELECT ${list(columns)} FROM ${this.#table(table)} WHERE ${ofHost} AND ${this.#among(table, 'lsid', '@2', keys)} ORDER BY 1`;
    });
    const results = await this.#ask({ sql: statements.join(';\n'), parameters: [host, keys.json] });
    return selects.map(({ table, columns }, index) => valuesOf(table, columns, results[index] ?? []));
  }

  async find(table: TableRef, columns: readonly string[], column: string, values: readonly Key[]) {
    const keys = jsonKeys(values);
    const sql = `SELECT ${list(columns)} FROM ${this.#table(table)} WHERE ${this.#among(table, column, '@1', keys)} ORDER BY 1`;
    const [rows = []] = await this.#ask({ sql, parameters: [keys.json] });
    return valuesOf(table, columns, rows);
  }

  async page(table: TableRef, columns: readonly string[], after: number, limit: number) {
    const key = bracketed(columns[0] ?? 'id');
    const sql = `SELECT TOP (CAST(@2 AS int)) ${list(columns)} FROM ${this.#table(table)} WHERE ${key} > CAST(@1 AS bigint) ORDER BY ${key}`;
    const [rows = []] = await this.#ask({ sql, parameters: [String(after), String(limit)] });
    return valuesOf(table, columns, rows);
  }

  async count(table: TableRef) {
    const sql = `SELECT COUNT_BIG(*) FROM ${this.#table(table)}`;
    const [rows = []] = await this.#ask({ sql, parameters: [] });
    return Number(rows[0]?.[0]);
  }

  /** Needs ALTER on the table. */
  async insertWithIds(table: TableRef, columns: readonly string[], rows: readonly Row[]) {
    if (rows.length === 0) return;
    if (kindOf(table, columns[0] ?? '') !== 'id') return this.insert(table, columns, rows);
    const name = this.#table(table);
    const given = jsonRows(rows, this.#longest);
    this.#later(
      `SET IDENTITY_INSERT ${name} ON;\n${this.#insertSql(table, columns, given)};\nSET IDENTITY_INSERT ${name} OFF`,
      ...parametersOf(given),
    );
  }

  async removeWhere(table: TableRef, column: string, values: readonly Key[]) {
    if (values.length === 0) return;
    const keys = jsonKeys(values);
    this.#later(
      `DELETE FROM ${this.#table(table)} WHERE ${this.#among(table, column, '@1', keys)}`,
      keys.json,
    );
  }

  async removeBelow(
    table: TableRef,
    column: string,
    parent: TableRef,
    parentColumn: string,
    values: readonly Key[],
  ) {
    if (values.length === 0) return;
    const keys = jsonKeys(values);
    const ids = `SELECT [id] FROM ${this.#table(parent)} WHERE ${this.#among(parent, parentColumn, '@1', keys)}`;
    this.#later(`DELETE FROM ${this.#table(table)} WHERE ${bracketed(column)} IN (${ids})`, keys.json);
  }

  async insert(table: TableRef, columns: readonly string[], rows: readonly Row[]) {
    if (rows.length === 0) return;
    const given = jsonRows(rows, this.#longest);
    this.#later(this.#insertSql(table, columns, given), ...parametersOf(given));
  }

  async insertForIds(
    table: TableRef,
    columns: readonly string[],
    rows: readonly Row[],
    by: readonly string[],
  ): Promise<number[]> {
    if (rows.length === 0) return [];
    const places = by.map((column) => columns.indexOf(column));
    const given = jsonRows(rows, this.#longest);
    const parameters = parametersOf(given);
    const keys = by.map((column, index) => {
      const own = jsonKeys([...new Set(rows.map((row) => row[places[index] ?? 0] ?? ''))]);
      return { ...own, condition: this.#among(table, column, `@${parameters.length + index + 1}`, own) };
    });
    const [found = []] = await this.#ask({
      sql: `${this.#insertSql(table, columns, given)};
SELECT [id], ${list(by)} FROM ${this.#table(table)} WHERE ${keys.map(({ condition }) => condition).join(' AND ')} ORDER BY [id]`,
      parameters: [...parameters, ...keys.map(({ json }) => json)],
    });
    // Numbers that are given out rise in the order of insertion, which ORDER BY makes that of the rows.
    const ids = Map.groupBy(found, ([, ...key]) => JSON.stringify(key.map(String)));
    const wanted = rows.map((row) => JSON.stringify(places.map((place) => String(row[place]))));
    const taken = wanted.map((key) => Number(ids.get(key)?.shift()?.[0] ?? Number.NaN));
    // Rows of ours that are not found, or somebody else's under the same key: the tables changed under us.
    if (taken.some(Number.isNaN) || wanted.some((key) => ids.get(key)?.length !== 0))
      throw new Failure(
        'transient',
        'database-changed',
        `another program writes the same sessions into ${table.name} at this moment; they will be tried again`,
      );
    return taken;
  }

  async updateById(table: TableRef, columns: readonly string[], rows: readonly Row[]) {
    if (rows.length === 0) return;
    const all = ['id', ...columns];
    const given = jsonRows(rows, this.#longest);
    const sets = columns.map(
      (column, index) => `${bracketed(column)} = ${columnValue(column, index + 1, given)}`,
    );
    this.#later(
      `UPDATE t SET ${sets.join(', ')} FROM ${this.#table(table)} AS t JOIN ${rowsOf(table, all, given)} ON j.[id] = t.[id]${longTexts(given)}`,
      ...parametersOf(given),
    );
  }

  /** Sends what is still waiting. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0) await this.#ask();
  }

  #later(sql: string, ...parameters: string[]): void {
    this.#waiting.push({ sql, parameters });
  }

  async #ask(last?: Statement): Promise<unknown[][][]> {
    const statements = last === undefined ? this.#waiting : [...this.#waiting, last];
    this.#waiting = [];
    const request = this.#transaction.request();
    request.arrayRowMode = true;
    let count = 0;
    const texts = statements.map(({ sql, parameters }) => {
      const first = count;
      for (const parameter of parameters) request.input(`p${++count}`, mssql.NVarChar(mssql.MAX), parameter);
      return sql.replaceAll(/@(\d+)/g, (_, place: string) => `@p${first + Number(place)}`);
    });
    const { recordsets } = await request.query(`SET NOCOUNT ON;\n${texts.join(';\n')};`);
    return recordsets as unknown as unknown[][][];
  }

  #table({ name }: TableRef): string {
    return `${bracketed(this.#schema)}.${bracketed(name)}`;
  }

  #insertSql(table: TableRef, columns: readonly string[], given: JsonRows): string {
    const values = columns.map((column, index) => columnValue(column, index, given));
    return `INSERT INTO ${this.#table(table)} (${list(columns)}) SELECT ${values.join(', ')} FROM ${rowsOf(table, columns, given)}${longTexts(given)} ORDER BY j.[ic_n]`;
  }

  #among(table: TableRef, column: string, parameter: string, { undo }: { readonly undo: boolean }): string {
    const type = this.#keyType(table, column);
    const as = collation(table, column);
    const keys = undo
      ? `SELECT CAST(${undoing('[v]')} AS ${type})${as} FROM OPENJSON(${parameter}) WITH ([v] nvarchar(max) '$[1]')`
      : `SELECT [v]${as} FROM OPENJSON(${parameter}) WITH ([v] ${type} '$[1]')`;
    return `${bracketed(column)} IN (${keys})`;
  }

  /** As the column is, so that an index on it is used: a text of the other kind would turn the whole column around. */
  #keyType(table: TableRef, column: string): string {
    const type = jsonType(table, column);
    if (type === 'bigint') return type;
    const places = Object.values(this.layout.tables).flat();
    const limit = places.find(({ name }) => name === table.name)?.limits.get(column);
    if (limit?.ascii) return 'varchar(400)';
    return kindOf(table, column) === 'text' ? 'nvarchar(max)' : 'nvarchar(400)';
  }
}

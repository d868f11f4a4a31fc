import { type JsonRows, undoing } from './json-rows.ts';
import { bracketed, mssqlTypes } from './mssql-ddl.ts';
import type { Row } from './session-rows.ts';
import { kindOf, type TableRef } from './sql-database.ts';
import { type SqlValue, timeText } from './sql-values.ts';

export function parametersOf({ json, long }: JsonRows): readonly string[] {
  return [json, ...[...long.values()].map((texts) => JSON.stringify(texts))];
}

/** The rows of `@1` as `j`: their number, the columns, then which of the long texts is meant. */
export function rowsOf(table: TableRef, columns: readonly string[], { long }: JsonRows): string {
  const typed = columns.map(
    (column, index) => `${bracketed(column)} ${jsonType(table, column)} '$[${index + 1}]'`,
  );
  const numbers = [...long.keys()].map(
    (place, index) => `[ic_l${place}] int '$[${columns.length + index + 1}]'`,
  );
  return `OPENJSON(@1) WITH ([ic_n] int '$[0]', ${[...typed, ...numbers].join(', ')}) AS j`;
}

/** The long texts of a column as `l` and its place, from `@2` on. */
export function longTexts({ long }: JsonRows): string {
  return [...long.keys()]
    .map(
      (place, index) =>
        ` LEFT JOIN OPENJSON(@${index + 2}) AS l${place} ON CAST(l${place}.[key] AS int) = j.[ic_l${place}]`,
    )
    .join('');
}

export function columnValue(column: string, place: number, { undo, long }: JsonRows): string {
  const short = `j.${bracketed(column)}`;
  const value = long.has(place) ? `COALESCE(l${place}.[value], ${short})` : short;
  return undo.has(place) ? undoing(value) : value;
}

/** Two columns of different collations are not compared: which one counts is said here. */
export function collation(table: TableRef, column: string): string {
  if (jsonType(table, column) !== 'nvarchar(max)') return '';
  return kindOf(table, column) === 'exact' ? ' COLLATE Latin1_General_BIN2' : ' COLLATE DATABASE_DEFAULT';
}

export function list(columns: readonly string[]): string {
  return columns.map(bracketed).join(', ');
}

/** Texts as long as they come: the column itself says what it takes. */
export function jsonType(table: TableRef, column: string): string {
  switch (kindOf(table, column)) {
    case 'id':
    case 'session':
    case 'event':
    case 'report':
    case 'integer':
    case 'flag':
    case 'step':
      return 'bigint';
    case 'seconds':
    case 'time':
      return mssqlTypes[kindOf(table, column)];
    default:
      return 'nvarchar(max)';
  }
}

/** As SQLite gives them: numbers as numbers (the driver gives bigint as text), times as `YYYY-MM-DD HH:MM:SS`. */
export function valuesOf(table: TableRef, columns: readonly string[], rows: readonly unknown[][]): Row[] {
  const numbers = columns.map((column) => jsonType(table, column) !== 'nvarchar(max)');
  return rows.map((row) =>
    row.map((value, index): SqlValue => {
      if (value === null || value === undefined) return null;
      if (value instanceof Date) return timeText(Math.floor(value.getTime() / 1000));
      if (typeof value === 'boolean') return Number(value);
      return numbers[index] && kindOf(table, columns[index] ?? '') !== 'time' ? Number(value) : String(value);
    }),
  );
}

import type { DdlDialect } from './ddl.ts';
import type { OwnKind } from './own-schema.ts';

/** DATETIME is for readers that go by the declared type; SQLite stores the text that it is given. */
const types: Readonly<Record<OwnKind, string>> = {
  id: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  session: 'INTEGER',
  event: 'INTEGER',
  report: 'INTEGER',
  text: 'TEXT',
  name: 'TEXT',
  key: 'TEXT',
  long: 'TEXT',
  exact: 'TEXT',
  integer: 'INTEGER',
  seconds: 'INTEGER',
  step: 'INTEGER',
  flag: 'INTEGER',
  time: 'DATETIME',
};

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export const sqliteDdl: DdlDialect = {
  id: 'sqlite',
  quoted,
  table: quoted,
  column(kind, { needed, primary, references }) {
    const child = kind === 'session' || kind === 'event' || kind === 'report';
    const parts = [types[kind]];
    if (needed || (child && !primary)) parts.push('NOT NULL');
    if (primary) parts.push('PRIMARY KEY');
    if (references !== undefined) parts.push(`REFERENCES ${quoted(references)} ("id") ON DELETE CASCADE`);
    return parts.join(' ');
  },
  createTable: (name, lines) => `CREATE TABLE IF NOT EXISTS ${quoted(name)} (\n  ${lines.join(',\n  ')}\n)`,
  addColumn: (table, column, definition) =>
    `ALTER TABLE ${quoted(table)} ADD COLUMN ${quoted(column)} ${definition}`,
  widenColumn: (table, column) =>
    `-- ${quoted(table)}.${quoted(column)} holds everything: SQLite enforces no length`,
  createIndex: (name, table, columns) =>
    `CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${quoted(table)} (${columns.map(quoted).join(', ')})`,
  createView: (name, select) => `CREATE VIEW IF NOT EXISTS ${quoted(name)} AS ${select}`,
  dropView: (name) => `DROP VIEW IF EXISTS ${quoted(name)}`,
  noteStep: (step, name) =>
    `INSERT OR IGNORE INTO ic_schema (step, name, applied_at) VALUES (${step}, ${literal(name)}, datetime())`,
  noteTable: (name) =>
    `INSERT OR IGNORE INTO ic_table (table_name, made_at) VALUES (${literal(name)}, datetime())`,
  joined: (text) => `string_agg(${text}, ', ')`,
  pair: (name, value) => `coalesce(${name}, '') || '=' || coalesce(${value}, '')`,
  secondsBetween: (from, to) => `CAST(strftime('%s', ${to}) - strftime('%s', ${from}) AS INTEGER)`,
  dayOf: (time) => `date(${time})`,
};

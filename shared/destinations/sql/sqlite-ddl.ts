import { type ColumnKind, columnsOf, type GuideTable, guideIndexes } from './sql-schema.ts';

/** DATETIME is for readers that go by the declared type; SQLite stores the text that it is given. */
const types: Readonly<Record<ColumnKind, string>> = {
  id: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  session: 'INTEGER NOT NULL REFERENCES "session" ("id") ON DELETE CASCADE',
  event: 'INTEGER NOT NULL REFERENCES "session_event" ("id") ON DELETE CASCADE',
  text: 'TEXT',
  integer: 'INTEGER',
  flag: 'INTEGER',
  time: 'DATETIME',
};

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table of the guides with its indexes. */
export function createGuideTable(table: GuideTable): readonly string[] {
  const columns = columnsOf(table).map(([name, kind]) => {
    const needed = table === 'session' && (name === 'lsid' || name === 'host_name') ? ' NOT NULL' : '';
    return `${quoted(name)} ${types[kind]}${needed}`;
  });
  const indexes = guideIndexes[table].map(
    (names) =>
      `CREATE INDEX IF NOT EXISTS ${quoted(`ic_${table}_${names.join('_')}`)} ON ${quoted(table)} (${names.map(quoted).join(', ')})`,
  );
  return [`CREATE TABLE IF NOT EXISTS ${quoted(table)} (${columns.join(', ')})`, ...indexes];
}

export function createView(name: string, base: string, columns: readonly string[]): string {
  return `CREATE VIEW IF NOT EXISTS ${quoted(name)} AS SELECT ${columns.map(quoted).join(', ')} FROM ${quoted(base)}`;
}

export const createOwnTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ic_schema (
    step INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at DATETIME NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ic_session (
    session_id INTEGER PRIMARY KEY REFERENCES "session" ("id") ON DELETE CASCADE,
    host_name TEXT NOT NULL, lsid TEXT NOT NULL, content_hash TEXT NOT NULL, stored_form TEXT NOT NULL,
    closed INTEGER NOT NULL, read_at INTEGER NOT NULL, stored_at DATETIME NOT NULL, site_id TEXT NOT NULL,
    appliance_id TEXT, api_version TEXT, jumpoint_id INTEGER, jumpoint_name TEXT,
    file_move_count INTEGER, file_delete_count INTEGER, UNIQUE (host_name, lsid))`,
  `CREATE TABLE IF NOT EXISTS ic_check (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)`,
];

import type { DdlDialect } from './ddl.ts';
import type { OwnKind } from './own-schema.ts';

/**
 * Lengths: an index of SQL Server takes 1,700 bytes, two bytes a character. What does not fit is kept whole in
 * `ic_session` (fit-rows.ts).
 */
export const mssqlTypes: Readonly<Record<OwnKind, string>> = {
  id: 'bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY',
  session: 'bigint',
  event: 'bigint',
  report: 'bigint',
  text: 'nvarchar(max)',
  name: 'nvarchar(450)',
  key: 'nvarchar(400)',
  long: 'nvarchar(800)',
  exact: 'nvarchar(400) COLLATE Latin1_General_BIN2',
  integer: 'bigint',
  seconds: 'float',
  step: 'int',
  flag: 'int',
  time: 'datetime2(0)',
};

/** For T-SQL under any setting of QUOTED_IDENTIFIER. */
export function bracketed(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

function literal(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

function missing(kind: 'TABLES' | 'VIEWS', name: string): string {
  return `IF NOT EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.${kind} WHERE TABLE_SCHEMA = SCHEMA_NAME() AND TABLE_NAME = ${literal(name)})`;
}

export const mssqlDdl: DdlDialect = {
  id: 'mssql',
  quoted: bracketed,
  column(kind, { needed, primary, references }) {
    const child = kind === 'session' || kind === 'event' || kind === 'report';
    const parts = [mssqlTypes[kind]];
    if (kind !== 'id') parts.push(needed || child || primary ? 'NOT NULL' : 'NULL');
    if (primary) parts.push('PRIMARY KEY');
    if (references !== undefined) parts.push(`REFERENCES ${bracketed(references)} ([id]) ON DELETE CASCADE`);
    return parts.join(' ');
  },
  createTable: (name, lines) =>
    `${missing('TABLES', name)}\nCREATE TABLE ${bracketed(name)} (\n  ${lines.join(',\n  ')}\n)`,
  addColumn: (table, column, definition) =>
    `IF NOT EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = SCHEMA_NAME() AND TABLE_NAME = ${literal(table)} AND COLUMN_NAME = ${literal(column)})\nALTER TABLE ${bracketed(table)} ADD ${bracketed(column)} ${definition}`,
  createIndex: (name, table, columns) =>
    `IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = ${literal(name)} AND object_id = OBJECT_ID(${literal(bracketed(table))}))\nCREATE INDEX ${bracketed(name)} ON ${bracketed(table)} (${columns.map(bracketed).join(', ')})`,
  // A view has to be the first statement of its batch.
  createView: (name, select) =>
    `${missing('VIEWS', name)}\nEXEC (${literal(`CREATE VIEW ${bracketed(name)} AS ${select}`)})`,
  noteStep: (step, name) =>
    `IF NOT EXISTS (SELECT 1 FROM [ic_schema] WHERE [step] = ${step})\nINSERT INTO [ic_schema] ([step], [name], [applied_at]) VALUES (${step}, ${literal(name)}, GETUTCDATE())`,
  noteTable: (name) =>
    `IF NOT EXISTS (SELECT 1 FROM [ic_table] WHERE [table_name] = ${literal(name)})\nINSERT INTO [ic_table] ([table_name], [made_at]) VALUES (${literal(name)}, GETUTCDATE())`,
  joined: (text) => `STRING_AGG(CAST(${text} AS nvarchar(max)), N', ')`,
  pair: (name, value) => `COALESCE(${name}, N'') + N'=' + COALESCE(${value}, N'')`,
  secondsBetween: (from, to) => `CAST(DATEDIFF(second, ${from}, ${to}) AS bigint)`,
  dayOf: (time) => `CAST(${time} AS date)`,
};

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

/** Good under any setting of QUOTED_IDENTIFIER. */
export function bracketed(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

export function mssqlLiteral(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

/** T-SQL for the tables of one schema. */
export function mssqlDdl(schema: string): DdlDialect {
  const literal = mssqlLiteral;
  const table = (name: string) => `${bracketed(schema)}.${bracketed(name)}`;
  const named = (name: string) => `TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)}`;
  const unless = (view: 'TABLES' | 'VIEWS' | 'COLUMNS', condition: string) =>
    `IF NOT EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.${view} WHERE ${condition})`;
  return {
    id: 'mssql',
    quoted: bracketed,
    table,
    column(kind, { needed, primary, references }) {
      const child = kind === 'session' || kind === 'event' || kind === 'report';
      const parts = [mssqlTypes[kind]];
      if (kind !== 'id') parts.push(needed || child || primary ? 'NOT NULL' : 'NULL');
      if (primary) parts.push('PRIMARY KEY');
      if (references !== undefined) parts.push(`REFERENCES ${table(references)} ([id]) ON DELETE CASCADE`);
      return parts.join(' ');
    },
    createTable: (name, lines) =>
      `${unless('TABLES', named(name))}\nCREATE TABLE ${table(name)} (\n  ${lines.join(',\n  ')}\n)`,
    addColumn: (name, column, definition) =>
      `${unless('COLUMNS', `${named(name)} AND COLUMN_NAME = ${literal(column)}`)}\nALTER TABLE ${table(name)} ADD ${bracketed(column)} ${definition}`,
    // A column is nullable after ALTER COLUMN unless it says otherwise.
    widenColumn: (name, column, definition) =>
      `ALTER TABLE ${table(name)} ALTER COLUMN ${bracketed(column)} ${definition.replace(/ NULL$/, '')}`,
    // Not every server tells an index by the name it was given: there the attempt does.
    createIndex: (name, of, columns) =>
      `IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = ${literal(name)} AND object_id = OBJECT_ID(${literal(table(of))}))
BEGIN
  BEGIN TRY
    CREATE INDEX ${bracketed(name)} ON ${table(of)} (${columns.map(bracketed).join(', ')});
  END TRY
  BEGIN CATCH
    IF ERROR_NUMBER() NOT IN (1913, 2714) THROW;
  END CATCH
END`,
    // A view has to be the first statement of its batch.
    createView: (name, select) =>
      `${unless('VIEWS', named(name))}\nEXEC (${literal(`CREATE VIEW ${table(name)} AS ${select}`)})`,
    dropView: (name) => `DROP VIEW IF EXISTS ${table(name)}`,
    noteStep: (step, name) =>
      `IF NOT EXISTS (SELECT 1 FROM ${table('ic_schema')} WHERE [step] = ${step})\nINSERT INTO ${table('ic_schema')} ([step], [name], [applied_at]) VALUES (${step}, ${literal(name)}, GETUTCDATE())`,
    noteTable: (name) =>
      `IF NOT EXISTS (SELECT 1 FROM ${table('ic_table')} WHERE [table_name] = ${literal(name)})\nINSERT INTO ${table('ic_table')} ([table_name], [made_at]) VALUES (${literal(name)}, GETUTCDATE())`,
    joined: (text) => `STRING_AGG(CAST(${text} AS nvarchar(max)), N', ')`,
    pair: (name, value) => `COALESCE(${name}, N'') + N'=' + COALESCE(${value}, N'')`,
    secondsBetween: (from, to) => `CAST(DATEDIFF(second, ${from}, ${to}) AS bigint)`,
    dayOf: (time) => `CAST(${time} AS date)`,
  };
}

import { wholeSchema } from './ddl.ts';
import { type Examination, examinationStatements } from './examine.ts';
import { mssqlDdl } from './mssql-ddl.ts';
import { sqliteDdl } from './sqlite-ddl.ts';

export type Dialect = 'sqlite' | 'mssql';

/**
 * The whole schema as a script that may be run again: for sqlcmd with `GO` between batches, or for SQLite's shell. A
 * program that may create no tables needs INSERT, UPDATE, DELETE and SELECT only where it has been run.
 */
export function schemaScript(dialect: Dialect, schema = 'dbo'): string {
  if (dialect === 'sqlite')
    return wholeSchema(sqliteDdl)
      .map((sql) => `${sql};\n`)
      .join('\n');
  return batches(wholeSchema(mssqlDdl(schema)));
}

/** sqlcmd starts with QUOTED_IDENTIFIER off, which indexed views and computed columns of others may not like. */
export function batches(statements: readonly string[]): string {
  const head = ['SET ANSI_NULLS ON', 'SET QUOTED_IDENTIFIER ON', 'SET NOCOUNT ON'].join(';\n');
  return [head, ...statements].map((sql) => `${sql};\nGO\n`).join('\n');
}

/** What a DBA can do about what was found in an existing database. */
export function examinationScript(dialect: Dialect, examination: Examination, schema = 'dbo'): string {
  const ddl = dialect === 'sqlite' ? sqliteDdl : mssqlDdl(schema);
  const statements = examinationStatements(ddl, examination);
  if (dialect === 'mssql') return batches(statements);
  return statements.map((sql) => (sql.startsWith('--') ? `${sql}\n` : `${sql};\n`)).join('\n');
}

import { type Dialect, schemaScript } from '../../shared/destinations/sql/print-schema.ts';
import { type Terminal, UsageError } from './command.ts';
import { readArgs } from './read-args.ts';

export async function runSchema(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readArgs(args, { dialect: { type: 'string' }, schema: { type: 'string' } });
  const dialect = dialectOf(options.dialect);
  if (options.schema !== undefined) {
    if (dialect === 'sqlite') throw new UsageError('--schema is for --dialect mssql.');
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(options.schema))
      throw new UsageError(`--schema ${options.schema}: letters, digits and underscores.`);
  }
  terminal.out(schemaScript(dialect, options.schema));
  return 0;
}

function dialectOf(text: string | undefined): Dialect {
  if (text === 'mssql' || text === 'sqlite') return text;
  throw new UsageError('--dialect: give mssql or sqlite.');
}

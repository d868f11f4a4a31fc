import { type Command, UsageError } from './command.ts';
import { installationUsage } from './open-services.ts';
import { runExamine } from './sql-examine.ts';
import { runFiles } from './sql-files.ts';
import { runMove } from './sql-move.ts';
import { runSchema } from './sql-schema.ts';

const usage = `npm run cli -- sql schema --dialect mssql|sqlite [--schema NAME]
  Prints the tables and views as a script that may be run again (sqlcmd takes it as it is), for a database where the
  program may create nothing. It then needs SELECT, INSERT, UPDATE and DELETE only.

npm run cli -- sql examine --destination ID [--script] [installation]
  Looks at a database without changing it: columns that are missing or too narrow, sessions that stand there more than
  once. --script prints what a DBA can run. Exit code: 0 nothing found, 1 something found.

npm run cli -- sql move --from DATABASE --to DATABASE [--take-over] [installation]
  Copies all data, ids included, into an empty database, also between SQLite and SQL Server, and compares the counts
  at the end. Goes on where a move was cut off. Stop schedules and pulls first. DATABASE: the id of a destination, or
  sqlite:PATH. --take-over: the destination --from has its data in the new database from then on, and goes on where it
  was. Exit code: 0 everything is there as it was, 1 there are differences.

npm run cli -- sql files --destination ID [installation]
  Tells a database again where all files of all file destinations are stored.

Installation:
${installationUsage}
`;

const commands = { schema: runSchema, examine: runExamine, move: runMove, files: runFiles } as const;

/** What there is to do about databases, apart from storing into them. */
export const sqlCommand: Command = {
  name: 'sql',
  summary: 'print the schema of databases, examine one, move one to another server',
  usage,
  run([name = '', ...args], terminal) {
    if (!(name in commands))
      throw new UsageError(`sql: give one of ${Object.keys(commands).join(', ')}; --help lists the options.`);
    return commands[name as keyof typeof commands](args, terminal);
  },
};

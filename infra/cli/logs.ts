import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commandAlone } from './subcommands.ts';

export const logsCommand: Command = commandAlone(
  operationSubcommand({
    verb: 'logs',
    operation: 'getLog',
    summary: 'the log of the service and of its clients, newest first',
    columns: ['time', 'level', 'message', 'site', 'run', 'code'],
  }),
);

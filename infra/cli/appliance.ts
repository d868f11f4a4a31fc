import { operations } from '../../shared/api/operations.ts';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commandOf } from './subcommands.ts';

/** Every action of the command API, under the name that the API guide has for it. */
export const applianceCommand: Command = commandOf(
  'appliance',
  "every action of the appliances' command API",
  operations
    .filter(({ path }) => path.startsWith('/sites/{id}/commands/'))
    .map(({ id, path }) =>
      operationSubcommand({
        verb: path.slice(path.lastIndexOf('/') + 1),
        operation: id,
        words: ['SITE'],
      }),
    ),
);

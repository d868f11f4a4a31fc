import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { asDocument } from './settings.ts';
import { commandOf } from './subcommands.ts';
import { trialFailed, trialText } from './trial.ts';

export const destinationsCommand: Command = commandOf(
  'destinations',
  'destinations: their settings, and a test that writes, reads and removes',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listDestinations',
      rows: { field: 'destinations', columns: ['id', 'name', 'plugin', 'settings.kind'] },
    }),
    operationSubcommand({ verb: 'show', operation: 'getDestination', extra: asDocument }),
    operationSubcommand({ verb: 'test', operation: 'testDestination', failed: trialFailed, text: trialText }),
    operationSubcommand({
      verb: 'try',
      operation: 'testDestinationDraft',
      failed: trialFailed,
      text: trialText,
    }),
    operationSubcommand({ verb: 'add', operation: 'addDestination', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'save', operation: 'putDestination', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'remove', operation: 'deleteDestination', done: 'Removed.' }),
  ],
);

import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { asDocument } from './settings.ts';
import { commandOf } from './subcommands.ts';
import { trialFailed, trialText } from './trial.ts';

export const sitesCommand: Command = commandOf(
  'sites',
  'sites: their settings, and a test of their credentials',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listSites',
      rows: { field: 'sites', columns: ['id', 'name', 'host', 'hostName', 'product'] },
    }),
    operationSubcommand({ verb: 'show', operation: 'getSite', extra: asDocument }),
    operationSubcommand({ verb: 'test', operation: 'testSite', failed: trialFailed, text: trialText }),
    operationSubcommand({
      verb: 'try',
      operation: 'testSiteDraft',
      more: '--ask-secret asks for the value of the secret; it is not kept.',
      failed: trialFailed,
      text: trialText,
    }),
    operationSubcommand({ verb: 'add', operation: 'addSite', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'save', operation: 'putSite', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'remove', operation: 'deleteSite', done: 'Removed.' }),
  ],
);

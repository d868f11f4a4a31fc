import { z } from 'zod';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commandOf } from './subcommands.ts';

const retried = z.looseObject({ refused: z.array(z.unknown()), next: z.string().optional() });

export const ledgerCommand: Command = commandOf('ledger', 'files that are owed or were set aside; retry', [
  operationSubcommand({
    verb: 'list',
    operation: 'listLedger',
    columns: [
      'site',
      'stream',
      'destination',
      'item',
      'state',
      'attempts',
      'nextAttempt',
      'lastFailure.message',
    ],
  }),
  operationSubcommand({
    verb: 'retry',
    operation: 'retryLedger',
    more: 'Without --item and --state: what was set aside. Where the answer has a next, call again with --from.',
    failed: (answer) => retried.parse(answer).refused.length > 0,
  }),
]);

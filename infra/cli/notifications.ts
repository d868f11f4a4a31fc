import { z } from 'zod';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commandOf } from './subcommands.ts';

const tested = z.looseObject({ results: z.array(z.looseObject({ failure: z.unknown().optional() })) });

export const notificationsCommand: Command = commandOf(
  'notifications',
  'what is wrong, and who is told of it',
  [
    operationSubcommand({ verb: 'show', operation: 'getNotifications' }),
    operationSubcommand({
      verb: 'test',
      operation: 'testNotifications',
      failed: (answer) => tested.parse(answer).results.some(({ failure }) => failure !== undefined),
    }),
  ],
);

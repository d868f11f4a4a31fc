import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commandOf } from './subcommands.ts';

export const ticketsCommand: Command = commandOf(
  'tickets',
  "requests for a ticket's approval, and their answers",
  [
    operationSubcommand({ verb: 'list', operation: 'listTicketRequests' }),
    operationSubcommand({ verb: 'show', operation: 'getTicketRequest' }),
    operationSubcommand({ verb: 'answer', operation: 'answerTicketRequest' }),
  ],
);

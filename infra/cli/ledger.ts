import { z } from 'zod';
import { connect } from './api-client.ts';
import type { Command } from './command.ts';
import { bodyOf, type Given } from './operation-body.ts';
import { operationSubcommand } from './operation-command.ts';
import { fieldOptions, parsingOf } from './operation-options.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { fieldLine, optionLine, usageEnd } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { commandOf, type Subcommand } from './subcommands.ts';
import { detailText } from './table.ts';

const operation = operationNamed('retryLedger');
const options = { ...commonOptions, body: { type: 'string' } } as const;
const fields = fieldOptions(operation, new Set(Object.keys(options))).filter(
  ({ field }) => !['limit', 'from'].includes(field),
);

const answerSchema = z.looseObject({
  retried: z.number(),
  transfers: z.array(z.looseObject({ items: z.number() })),
  refused: z.array(z.unknown()),
  next: z.string().optional(),
});

const retry: Subcommand = {
  verb: 'retry',
  summary: 'tries items again: one that is named, or those that were set aside',
  operations: ['retryLedger'],
  usage: () =>
    [
      'Without --item and --state: what was set aside. Exit code 1: some of it cannot be tried again.',
      '',
      ...fields.map(fieldLine),
      optionLine('--body FILE', 'All of it as JSON; - reads what is piped in. Options go over it.'),
      optionLine('--json', 'What came of it as JSON, a line for each 500 items.'),
      '',
      usageEnd(operation),
    ].join('\n'),
  async run(args, terminal) {
    const { values } = readWords(args, { ...options, ...parsingOf(fields) } as typeof options, []);
    const client = connect(values, terminal);
    const asked = (await bodyOf(values as Given, fields, terminal)) as object;
    let [retried, refused] = [0, 0];
    let from: string | undefined;
    do {
      const body = from === undefined ? asked : { ...asked, from };
      const answer = answerSchema.parse(await client.json('POST', operation.path, { body }));
      retried += answer.retried;
      refused += answer.refused.length;
      if (values.json) terminal.out(`${JSON.stringify(answer)}\n`);
      else if (answer.retried > 0 || answer.refused.length > 0) {
        const { transfers, refused: items } = answer;
        terminal.out(detailText({ transfers, refused: items }, terminal.width));
      }
      from = answer.next;
    } while (from !== undefined);
    terminal.say(`${retried} are tried again, ${refused} cannot be.`);
    return refused > 0 ? 1 : 0;
  },
};

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
  retry,
]);

import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { CliError, type Command, INTERRUPTED } from './command.ts';
import { type Extra, operationSubcommand } from './operation-command.ts';
import { optionLine } from './operation-usage.ts';
import { commandOf } from './subcommands.ts';
import { detailText } from './table.ts';

const recordSchema = z.looseObject({
  id: z.string(),
  finishedAt: z.string().optional(),
  failure: z.unknown().optional(),
  outcomes: z
    .array(
      z.looseObject({ missing: z.number(), problems: z.array(z.unknown()), failure: z.unknown().optional() }),
    )
    .optional(),
});

const EVERY_MS = 500;

/** 1 where something is missing or could not be compared. */
const waiting: Extra = {
  options: { wait: { type: 'boolean' } },
  usage: [
    optionLine(
      '--wait',
      'Until it has ended; exit code 1 where something is missing or could not be compared.',
    ),
  ],
  operations: ['getReconciliation'],
  async run(answer, { client, values, terminal }) {
    let record = recordSchema.parse(answer);
    while (values.wait === true && record.finishedAt === undefined) {
      terminal.progress(`${record.id} goes on`);
      try {
        await pause(EVERY_MS, undefined, terminal.interrupted ? { signal: terminal.interrupted } : {});
      } catch (error) {
        throw new CliError(INTERRUPTED, `It goes on: reconcile show ${record.id} shows it.`, {
          cause: error,
        });
      }
      record = recordSchema.parse(
        await client.json('GET', `/reconciliation/${encodeURIComponent(record.id)}`),
      );
    }
    terminal.progress('');
    terminal.out(values.json === true ? `${JSON.stringify(record)}\n` : detailText(record, terminal.width));
    const bad =
      record.failure !== undefined ||
      record.outcomes?.some(
        ({ missing, problems, failure }) => missing > 0 || problems.length > 0 || failure,
      );
    return bad ? 1 : 0;
  },
};

export const reconcileCommand: Command = commandOf(
  'reconcile',
  'compare what appliances list with what is stored, and pull what is missing',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listReconciliations',
      columns: ['id', 'by', 'at', 'sites', 'finishedAt', 'failure.message'],
    }),
    operationSubcommand({ verb: 'show', operation: 'getReconciliation' }),
  ],
  operationSubcommand({ verb: '', operation: 'startReconciliation', extra: waiting }),
);

import { z } from 'zod';
import { runSchema } from '../../shared/api/run-answers.ts';
import type { Command } from './command.ts';
import { type Extra, operationSubcommand } from './operation-command.ts';
import { optionLine } from './operation-usage.ts';
import { runExitCode, runText } from './run-lines.ts';
import { waitingOptions, waitingUsage } from './runs.ts';
import { commandAlone } from './subcommands.ts';
import { detailText } from './table.ts';
import { waitForRun } from './wait-for-run.ts';

/** Of a dry run. */
const forecastAnswer = z.looseObject({
  dryRun: z.literal(true),
  transfers: z.array(z.looseObject({ failure: z.unknown().optional() })),
});

export const thenWait: Extra = {
  options: { wait: { type: 'boolean' }, ...waitingOptions },
  usage: [optionLine('--wait', 'Until it has ended, and shows how far it is.'), waitingUsage],
  operations: ['getRun', 'cancelRun'],
  async run(answer, { client, values, terminal }) {
    const json = values.json === true;
    const forecast = forecastAnswer.safeParse(answer);
    if (forecast.success) {
      terminal.out(json ? `${JSON.stringify(answer)}\n` : detailText(answer, terminal.width));
      return forecast.data.transfers.some(({ failure }) => failure !== undefined) ? 1 : 0;
    }
    const run = runSchema.parse(answer);
    if (values.wait === true && run.finishedAt === undefined) {
      const cancelOnInterrupt = values['cancel-on-interrupt'] === true;
      return waitForRun(client, run.id, { cancelOnInterrupt, json }, terminal);
    }
    terminal.out(json ? `${JSON.stringify(run)}\n` : runText(run));
    if (run.finishedAt === undefined) terminal.say(`runs watch ${run.id} waits for it.`);
    return run.finishedAt === undefined ? 0 : runExitCode(run);
  },
};

export const pullCommand: Command = commandAlone(
  operationSubcommand({
    verb: 'pull',
    operation: 'startPull',
    summary: 'pull sites × data types × destinations, by start date or by session ids',
    extra: thenWait,
  }),
);

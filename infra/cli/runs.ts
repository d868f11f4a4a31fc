import { runSchema } from '../../shared/api/run-answers.ts';
import { connect } from './api-client.ts';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { optionLine, usageEnd } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { runText } from './run-lines.ts';
import { commandOf, type Subcommand } from './subcommands.ts';
import { waitForRun } from './wait-for-run.ts';

const showRunText = (answer: unknown) => runText(runSchema.parse(answer));

/** For commands that wait for a run. */
export const waitingOptions = {
  'cancel-on-interrupt': { type: 'boolean' },
} as const;
export const waitingUsage = optionLine(
  '--cancel-on-interrupt',
  'Ctrl-C cancels the run; without it, it goes on.',
);

const watch: Subcommand = {
  verb: 'watch',
  summary: 'shows how far a run is until it has ended',
  words: 'ID',
  operations: ['getRun', 'cancelRun'],
  usage: () =>
    [
      waitingUsage,
      optionLine('--json', 'The run as JSON, at its end.'),
      '',
      usageEnd(operationNamed('getRun')),
    ].join('\n'),
  run(args, terminal) {
    const { values, words } = readWords(args, { ...commonOptions, ...waitingOptions }, ['ID']);
    const [id = ''] = words;
    const cancelOnInterrupt = values['cancel-on-interrupt'] === true;
    const json = values.json === true;
    return waitForRun(connect(values, terminal), id, { cancelOnInterrupt, json }, terminal);
  },
};

export const runsCommand: Command = commandOf('runs', 'runs of schedules and pulls, with their logs', [
  operationSubcommand({
    verb: 'list',
    operation: 'listRuns',
    columns: ['id', 'kind', 'status', 'scheduleId', 'dueAt', 'finishedAt'],
  }),
  operationSubcommand({ verb: 'show', operation: 'getRun', text: showRunText }),
  watch,
  operationSubcommand({
    verb: 'log',
    operation: 'getRunLog',
    columns: ['time', 'level', 'message', 'site', 'stream', 'item', 'code'],
  }),
  operationSubcommand({ verb: 'cancel', operation: 'cancelRun', text: showRunText }),
  operationSubcommand({ verb: 'cancel-pull', operation: 'cancelPull', text: showRunText }),
  operationSubcommand({ verb: 'show-pull', operation: 'getPull', text: showRunText }),
]);

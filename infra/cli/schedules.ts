import { z } from 'zod';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { thenWait } from './pull.ts';
import { commandOf } from './subcommands.ts';
import { detailText } from './table.ts';

const listed = z.looseObject({ schedules: z.array(z.looseObject({})) });

export const schedulesCommand: Command = commandOf(
  'schedules',
  'schedules as they stand; run, pause, resume',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listSchedules',
      text: (answer, { width }) => detailText(listed.parse(answer).schedules, width),
    }),
    operationSubcommand({ verb: 'show', operation: 'getSchedule' }),
    operationSubcommand({
      verb: 'run',
      operation: 'runSchedule',
      extra: thenWait,
    }),
    operationSubcommand({ verb: 'pause', operation: 'pauseSchedule' }),
    operationSubcommand({ verb: 'resume', operation: 'resumeSchedule' }),
  ],
);

export const schedulerCommand: Command = commandOf('scheduler', 'the scheduler as a whole', [
  operationSubcommand({ verb: 'show', operation: 'getScheduler' }),
  operationSubcommand({ verb: 'start', operation: 'startScheduler' }),
  operationSubcommand({ verb: 'stop', operation: 'stopScheduler' }),
]);

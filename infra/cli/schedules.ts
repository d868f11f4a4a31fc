import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { thenWait } from './pull.ts';
import { asDocument } from './settings.ts';
import { commandOf } from './subcommands.ts';

export const schedulesCommand: Command = commandOf(
  'schedules',
  'schedules as they stand; run, pause, resume',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listSchedules',
      rows: {
        field: 'schedules',
        columns: ['id', 'name', 'enabled', 'period', 'lastRun', 'nextRun', 'going'],
      },
    }),
    operationSubcommand({ verb: 'show', operation: 'getSchedule' }),
    operationSubcommand({
      verb: 'run',
      operation: 'runSchedule',
      extra: thenWait,
    }),
    operationSubcommand({ verb: 'settings', operation: 'getScheduleSettings', extra: asDocument }),
    operationSubcommand({ verb: 'add', operation: 'addSchedule', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'save', operation: 'putSchedule', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'remove', operation: 'deleteSchedule', done: 'Removed.' }),
    operationSubcommand({ verb: 'pause', operation: 'pauseSchedule' }),
    operationSubcommand({ verb: 'resume', operation: 'resumeSchedule' }),
  ],
);

export const schedulerCommand: Command = commandOf('scheduler', 'the scheduler as a whole', [
  operationSubcommand({ verb: 'show', operation: 'getScheduler' }),
  operationSubcommand({ verb: 'start', operation: 'startScheduler' }),
  operationSubcommand({ verb: 'stop', operation: 'stopScheduler' }),
]);

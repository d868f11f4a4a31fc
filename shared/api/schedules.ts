import { z } from 'zod';
import { getRun } from '../runs/run.ts';
import { scheduleOverview } from '../schedules/overview.ts';
import { runNow } from '../schedules/run-now.ts';
import type { Services } from '../services.ts';
import { changeSettings } from '../settings/change-settings.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { authorOf } from './caller.ts';
import { type Operation, operation } from './operation.ts';
import { notFound } from './problem.ts';
import { runSchema } from './run-answers.ts';
import { overviewSchema, schedulerSchema } from './schedule-answers.ts';

const params = z.object({ id: z.string().meta({ description: 'Id of the schedule.' }) });

const shown = { description: 'The schedule as it stands', schema: overviewSchema };

/** Schedules as they stand, and what a person does with them. What they are made of: schedule-settings.ts. */
export const scheduleOperations: readonly Operation[] = [
  operation({
    id: 'listSchedules',
    method: 'get',
    path: '/schedules',
    summary: 'All schedules as they stand',
    tag: 'Schedules',
    role: 'Reader',
    answers: {
      200: {
        description: 'The scheduler and its schedules',
        schema: z.object({ scheduler: schedulerSchema, schedules: z.array(overviewSchema) }),
      },
    },
    handle: async ({ context, services }) => context.json(await overview(services)),
  }),
  operation({
    id: 'getSchedule',
    method: 'get',
    path: '/schedules/{id}',
    summary: 'A schedule as it stands',
    tag: 'Schedules',
    role: 'Reader',
    params,
    answers: { 200: shown },
    handle: async ({ context, services, params: { id } }) => context.json(await overviewOf(services, id)),
  }),
  ...(
    [
      ['pause', false, 'No run is started any more; one that goes on ends as it would'],
      ['resume', true, 'Runs are started again'],
    ] as const
  ).map(([action, enabled, summary]) =>
    operation({
      id: `${action}Schedule`,
      method: 'post',
      path: `/schedules/{id}/${action}`,
      summary,
      tag: 'Schedules',
      role: 'Operator',
      params,
      answers: { 200: shown },
      async handle({ context, services, params: { id } }) {
        await changeSettings(services.state, authorOf(context, 'saved'), (draft) => {
          scheduleIn(draft, id).enabled = enabled;
        });
        return context.json(await overviewOf(services, id));
      },
    }),
  ),
  operation({
    id: 'runSchedule',
    method: 'post',
    path: '/schedules/{id}/run',
    summary: 'Runs it now; refused while a run of it goes on',
    tag: 'Schedules',
    role: 'Operator',
    params,
    answers: {
      202: { description: 'The run', schema: runSchema, headers: { Location: 'Where the run is shown.' } },
    },
    async handle({ context, services, bindings: { starter }, params }) {
      const { settings } = await loadSettings(services.state);
      const schedule = scheduleIn(settings, params.id);
      const id = await runNow(services, starter, settings, schedule);
      return context.json(await getRun(services.state, id), 202, { Location: `/api/runs/${id}` });
    },
  }),
];

/** The scheduler as a whole. */
export const schedulerOperations: readonly Operation[] = [
  operation({
    id: 'getScheduler',
    method: 'get',
    path: '/scheduler',
    summary: 'Whether the scheduler runs, and what comes next',
    tag: 'Schedules',
    role: 'Reader',
    answers: { 200: { description: 'The scheduler', schema: schedulerSchema } },
    handle: async ({ context, services }) => context.json((await overview(services)).scheduler),
  }),
  ...(
    [
      ['start', 'running', 'Starts the scheduler'],
      ['stop', 'stopped', 'Stops the scheduler: no schedule is due until it is started again'],
    ] as const
  ).map(([action, state, summary]) =>
    operation({
      id: `${action}Scheduler`,
      method: 'post',
      path: `/scheduler/${action}`,
      summary,
      tag: 'Schedules',
      role: 'Administrator',
      answers: { 200: { description: 'The scheduler', schema: schedulerSchema } },
      async handle({ context, services }) {
        await changeSettings(services.state, authorOf(context, 'saved'), (draft) => {
          draft.scheduler = state;
        });
        return context.json((await overview(services)).scheduler);
      },
    }),
  ),
];

async function overview(services: Services) {
  return scheduleOverview(services, (await loadSettings(services.state)).settings);
}

async function overviewOf(services: Services, id: string) {
  const found = (await overview(services)).schedules.find((schedule) => schedule.id === id);
  if (!found) throw unknownSchedule(id);
  return found;
}

function scheduleIn(settings: Settings, id: string): Schedule {
  const schedule = settings.schedules.find((candidate) => candidate.id === id);
  if (!schedule) throw unknownSchedule(id);
  return schedule;
}

function unknownSchedule(id: string) {
  return notFound(`There is no schedule "${id.slice(0, 40)}".`);
}

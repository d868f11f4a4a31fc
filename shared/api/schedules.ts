import { type Context, Hono } from 'hono';
import { getRun } from '../runs/run.ts';
import { scheduleOverview } from '../schedules/overview.ts';
import { runNow } from '../schedules/run-now.ts';
import { changeSettings } from '../settings/change-settings.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { authorOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { notFound } from './problem.ts';

type Asked = Context<ApiEnvironment>;

/** Schedules as they stand, and what a person does with them. What they are made of is in the settings. */
export function scheduleRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => context.json(await overview(context)));
  routes.get('/:id', async (context) => context.json(await overviewOf(context)));
  for (const [action, enabled] of [
    ['pause', false],
    ['resume', true],
  ] as const)
    routes.post(`/:id/${action}`, async (context) => {
      const id = context.req.param('id');
      await changeSettings(context.env.services.state, authorOf(context, 'saved'), (draft) => {
        scheduleIn(draft, id).enabled = enabled;
      });
      return context.json(await overviewOf(context));
    });
  routes.post('/:id/run', async (context) => {
    const { services, starter } = context.env;
    const { settings } = await loadSettings(services.state);
    const schedule = scheduleIn(settings, context.req.param('id'));
    const id = await runNow(services, starter, settings, schedule);
    return context.json(await getRun(services.state, id), 202, { Location: `/api/runs/${id}` });
  });
  return routes;
}

/** The scheduler as a whole. */
export function schedulerRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => context.json((await overview(context)).scheduler));
  for (const [action, state] of [
    ['start', 'running'],
    ['stop', 'stopped'],
  ] as const)
    routes.post(`/${action}`, async (context) => {
      await changeSettings(context.env.services.state, authorOf(context, 'saved'), (draft) => {
        draft.scheduler = state;
      });
      return context.json((await overview(context)).scheduler);
    });
  return routes;
}

async function overview({ env: { services } }: Asked) {
  return scheduleOverview(services, (await loadSettings(services.state)).settings);
}

async function overviewOf(context: Asked) {
  const id = context.req.param('id') ?? '';
  const found = (await overview(context)).schedules.find((schedule) => schedule.id === id);
  if (!found) throw unknown(id);
  return found;
}

function scheduleIn(settings: Settings, id: string): Schedule {
  const schedule = settings.schedules.find((candidate) => candidate.id === id);
  if (!schedule) throw unknown(id);
  return schedule;
}

function unknown(id: string) {
  return notFound(`There is no schedule "${id.slice(0, 40)}".`);
}

import { Hono } from 'hono';
import { runProgress } from '../runs/progress.ts';
import { getRun, noCounts, type Run, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest, notFound } from './problem.ts';

const PAGE = 50;

export function runRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const limit = Number(context.req.query('limit') ?? PAGE);
    if (!Number.isInteger(limit) || limit < 1 || limit > 200)
      throw badRequest('limit: a whole number from 1 to 200.');
    const from = context.req.query('from');
    if (from !== undefined && !/^[A-Za-z0-9|*_-]{1,200}$/.test(from))
      throw badRequest('from: take it from `next`.');
    const page = await context.env.services.state.list<Run>('runs', 'run', {
      limit,
      ...(from === undefined ? {} : { from }),
    });
    const runs = page.entries.map(({ value }) => value);
    return context.json({ runs, ...(page.next === undefined ? {} : { next: page.next }) });
  });
  routes.get('/:id', async (context) =>
    context.json(await showRun(context.env.services, context.req.param('id'))),
  );
  return routes;
}

/** A run with its results; while it goes on, with what has been done so far. */
export async function showRun(services: Services, id: string, kind?: Run['kind']): Promise<Run> {
  const run = /^[A-Za-z0-9_-]{1,100}$/.test(id) ? await getRun(services.state, id) : undefined;
  if (!run || (kind !== undefined && run.kind !== kind))
    throw notFound(`There is no ${kind ?? 'run'} "${id}".`);
  if (run.results) return run;
  const progress = await runProgress(services.state, run.id);
  return {
    ...run,
    results: run.transfers.map((transfer) => {
      const { counts, alarms } = progress.get(transferKey(transfer)) ?? { counts: noCounts, alarms: [] };
      const { siteId, stream, destinationId } = transfer;
      return { siteId, stream, destinationId, status: 'running', counts, alarms };
    }),
  };
}

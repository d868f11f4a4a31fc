import { Hono } from 'hono';
import { z } from 'zod';
import { findRuns } from '../runs/find-runs.ts';
import { noProgress, runProgress, timesOf } from '../runs/progress.ts';
import { getRun, type Run, type RunStatus, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { describeIssues } from '../settings/settings-store.ts';
import type { ApiEnvironment } from './environment.ts';
import { answerLog, logQuerySchema } from './logs.ts';
import { badRequest, notFound } from './problem.ts';
import { instant } from './time-query.ts';

const PAGE = 50;
const statuses = [
  'queued',
  'running',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly RunStatus[];
const place = z.string().regex(/^[A-Za-z0-9|*_-]{1,200}$/, 'take it from `next`');

const querySchema = z.strictObject({
  status: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(statuses)))
    .optional(),
  kind: z.enum(['schedule', 'pull']).optional(),
  schedule: slug.optional(),
  site: slug.optional(),
  /** Due in [from, to). `from` may also be a place, as it is elsewhere. */
  from: z.union([instant, place]).optional(),
  to: instant.optional(),
  next: place.optional(),
  limit: z.coerce
    .number('a whole number from 1 to 200')
    .int('a whole number from 1 to 200')
    .min(1)
    .max(200)
    .default(PAGE),
});

export function runRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const query = querySchema.safeParse(context.req.query());
    if (!query.success) throw badRequest(`Query: ${describeIssues(query.error)}`);
    const { from, to, next: given, status, schedule, ...rest } = query.data;
    const next = given ?? (typeof from === 'string' ? from : undefined);
    const page = await findRuns(context.env.services.state, {
      ...rest,
      ...(typeof from === 'number' ? { from } : {}),
      ...(to === undefined ? {} : { to }),
      ...(status === undefined ? {} : { statuses: status }),
      ...(schedule === undefined ? {} : { scheduleId: schedule }),
      ...(next === undefined ? {} : { next }),
    });
    return context.json(page);
  });
  routes.get('/:id', async (context) =>
    context.json(await showRun(context.env.services, context.req.param('id'))),
  );
  routes.get('/:id/log', async (context) => {
    const { services } = context.env;
    const run = await showRun(services, context.req.param('id'));
    const query = logQuerySchema.safeParse(context.req.query());
    if (!query.success) throw badRequest(`Query: ${describeIssues(query.error)}`);
    return context.json(await answerLog(services, { ...withinRun(run), ...query.data, run: run.id }));
  });
  return routes;
}

/** Clocks of hosts may differ by so much, and lines come a little after. Milliseconds. */
const AROUND = 10 * 60_000;

function withinRun({ dueAt, startedAt, finishedAt }: Run): { readonly from: number; readonly to?: number } {
  const from = Math.min(Date.parse(dueAt), Date.parse(startedAt ?? dueAt)) - AROUND;
  return { from, ...(finishedAt === undefined ? {} : { to: Date.parse(finishedAt) + AROUND }) };
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
      const done = progress.get(transferKey(transfer)) ?? noProgress;
      const { counts, alarms } = done;
      const { siteId, stream, destinationId } = transfer;
      return { siteId, stream, destinationId, status: 'running', counts, alarms, ...timesOf(done) };
    }),
  };
}

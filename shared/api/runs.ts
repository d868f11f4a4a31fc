import { z } from 'zod';
import { findRuns } from '../runs/find-runs.ts';
import { noProgress, runProgress, timesOf } from '../runs/progress.ts';
import { changeRun, getRun, isFinished, type Run, type RunStatus, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { answerLog, logPageSchema, logQuerySchema } from './logs.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { notFound } from './problem.ts';
import { runPageSchema, runSchema } from './run-answers.ts';
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
    .optional()
    .meta({ description: `Of ${statuses.join(', ')}, with commas between.` }),
  kind: z.enum(['schedule', 'pull']).optional().meta({ description: 'Of schedules, or pulls.' }),
  schedule: slug.optional().meta({ description: 'Id of a schedule.' }),
  site: slug.optional().meta({ description: 'Id of a site that they move something of.' }),
  /** May also be a place, as it is elsewhere. */
  from: z.union([instant, place]).optional().meta({ description: 'Due from this instant on.' }),
  to: instant.optional().meta({ description: 'Due before this one.' }),
  next: place.optional(),
  limit: pageLimit(200, PAGE),
});

const runParams = z.object({ id: z.string().meta({ description: 'Id of the run.' }) });

export const runOperations: readonly Operation[] = [
  operation({
    id: 'listRuns',
    method: 'get',
    path: '/runs',
    summary: 'Runs of schedules and pulls, the latest first',
    tag: 'Runs',
    role: 'Reader',
    query: querySchema,
    answers: { 200: { description: 'A page of runs', schema: runPageSchema } },
    async handle({ context, services, query }) {
      const { from, to, next: given, status, schedule, ...rest } = query;
      const next = given ?? (typeof from === 'string' ? from : undefined);
      const page = await findRuns(services.state, {
        ...rest,
        ...(typeof from === 'number' ? { from } : {}),
        ...(to === undefined ? {} : { to }),
        ...(status === undefined ? {} : { statuses: status }),
        ...(schedule === undefined ? {} : { scheduleId: schedule }),
        ...(next === undefined ? {} : { next }),
      });
      return context.json(page);
    },
  }),
  operation({
    id: 'getRun',
    method: 'get',
    path: '/runs/{id}',
    summary: 'A run with its results; while it goes on, with what has been done so far',
    tag: 'Runs',
    role: 'Reader',
    params: runParams,
    answers: { 200: { description: 'The run', schema: runSchema } },
    handle: async ({ context, services, params }) => context.json(await showRun(services, params.id)),
  }),
  operation({
    id: 'cancelRun',
    method: 'post',
    path: '/runs/{id}/cancel',
    summary: 'Ends a run within seconds; what was stored stays, and its schedule goes on',
    tag: 'Runs',
    role: 'Operator',
    params: runParams,
    answers: { 202: { description: 'The run', schema: runSchema } },
    handle: async ({ context, services, params }) => context.json(await cancelRun(services, params.id), 202),
  }),
  operation({
    id: 'getRunLog',
    method: 'get',
    path: '/runs/{id}/log',
    summary: 'The log of one run, newest first',
    tag: 'Runs',
    role: 'Reader',
    params: runParams,
    query: logQuerySchema,
    answers: { 200: { description: 'A page of log lines', schema: logPageSchema } },
    async handle({ context, services, params, query }) {
      const run = await showRun(services, params.id);
      return context.json(await answerLog(services, { ...withinRun(run), ...query, run: run.id }));
    },
  }),
];

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

/** Asks a run to end; one that has ended stays as it is. */
export async function cancelRun(services: Services, id: string, kind?: Run['kind']): Promise<Run> {
  const shown = await showRun(services, id, kind);
  await changeRun(services.state, shown.id, (run) =>
    isFinished(run) || run.cancelRequested ? undefined : { ...run, cancelRequested: true },
  );
  return showRun(services, shown.id, kind);
}

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import { forecastPull } from '../reconciliation/forecast.ts';
import { changeRun, isFinished, type PullSelection, type Transfer } from '../runs/run.ts';
import { makePullRun } from '../schedules/make-run.ts';
import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';
import { transferOptions } from '../settings/schedule.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { streamOf } from '../streams/index.ts';
import { streamIds } from '../streams/stream.ts';
import { forecastSchema } from './forecast-answers.ts';
import { type Operation, operation } from './operation.ts';
import { badField } from './problem.ts';
import { transfersOf } from './pull-transfers.ts';
import { runSchema } from './run-answers.ts';
import { cancelRun, showRun } from './runs.ts';

/** IC guide, API Tester: sites × start date with duration, or session ids, × destinations × data types. */
const pullSchema = z
  .strictObject({
    sites: z.array(z.string()).min(1).max(100).meta({ description: 'Ids of sites.' }),
    destinations: z.array(z.string()).min(1).max(100).meta({ description: 'Ids of destinations.' }),
    dataTypes: z.array(z.enum(streamIds)).min(1).meta({ description: 'What is to be pulled.' }),
    from: z.iso.datetime({ offset: true }).optional().meta({
      description: 'Sessions that began from this instant on, and the days or hours that cover it.',
    }),
    to: z.iso.datetime({ offset: true }).optional().meta({
      description: 'And before this one; left out: until now.',
    }),
    sessions: z
      .array(z.string().regex(/^[0-9a-fA-F]{32}$/, 'a session id (lsid) has 32 hexadecimal digits'))
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Ids of sessions (lsid), in place of a time.' }),
    ...transferOptions,
    dryRun: z.boolean().optional().meta({
      description:
        'Only says what would be pulled: by the listing of each site, against what the destinations have.',
    }),
  })
  .refine(({ from, sessions }) => from === undefined || sessions === undefined, {
    path: ['sessions'],
    error: 'give either from or sessions, not both',
  })
  .refine(({ from, to }) => to === undefined || from !== undefined, {
    path: ['to'],
    error: 'to needs from',
  });

const params = z.object({ id: z.string().meta({ description: 'Id of the pull.' }) });
const tag = 'Pulls';

export const pullOperations: readonly Operation[] = [
  operation({
    id: 'startPull',
    method: 'post',
    path: '/pulls',
    summary: 'Pulls sites × data types × destinations, by start date or by session ids',
    tag,
    role: 'Operator',
    body: pullSchema,
    answers: {
      200: { description: 'Of a dry run: what would be pulled', schema: forecastSchema },
      202: { description: 'The run', schema: runSchema, headers: { Location: 'Where the pull is shown.' } },
    },
    async handle({ context, services, bindings: { starter }, body: pull }) {
      const { settings } = await loadSettings(services.state);
      const now = services.now();
      const transfers = transfersOf(settings, pull);
      const selection = selectionOf(pull, transfers, now);
      if (pull.dryRun) {
        const forecast = await forecastPull(services, settings, transfers, selection);
        return context.json({ dryRun: true, ...forecast });
      }
      const name = randomUUID().slice(0, 8);
      const run = await makePullRun(services.state, settings, {
        now,
        name,
        transfers,
        ...(selection ? { selection } : {}),
      });
      await startPull(services, starter, run.id);
      return context.json(run, 202, { Location: `/api/pulls/${run.id}` });
    },
  }),
  operation({
    id: 'getPull',
    method: 'get',
    path: '/pulls/{id}',
    summary: 'A pull with its results; while it goes on, with what has been done so far',
    tag,
    role: 'Reader',
    params,
    answers: { 200: { description: 'The run', schema: runSchema } },
    handle: async ({ context, services, params: { id } }) =>
      context.json(await showRun(services, id, 'pull')),
  }),
  operation({
    id: 'cancelPull',
    method: 'post',
    path: '/pulls/{id}/cancel',
    summary: 'Ends a pull within seconds; what was stored stays',
    tag,
    role: 'Operator',
    params,
    answers: { 202: { description: 'The run', schema: runSchema } },
    handle: async ({ context, services, params: { id } }) =>
      context.json(await cancelRun(services, id, 'pull'), 202),
  }),
];

/** Nobody starts a pull later: one that cannot be started has failed, and whoever asked for it asks again. */
export async function startPull({ state, now }: Services, starter: RunStarter, id: string): Promise<void> {
  try {
    await starter.start(id);
  } catch (error) {
    const message = 'The pull could not be started; ask for it again.';
    const failure = { kind: 'transient', code: 'start-failed', message } as const;
    const finishedAt = new Date(now()).toISOString();
    await changeRun(state, id, (run) =>
      isFinished(run) ? undefined : { ...run, status: 'failed', finishedAt, failure, results: [] },
    );
    throw new Failure(failure.kind, failure.code, message, { cause: error });
  }
}

type Pull = z.output<typeof pullSchema>;

function selectionOf(pull: Pull, transfers: readonly Transfer[], now: number): PullSelection | undefined {
  const buckets = transfers.map(({ stream }) => streamOf(stream)).find(({ from }) => from === 'bucket');
  if (pull.sessions && buckets)
    throw badField('dataTypes', `${buckets.title} has no sessions; pull it by from and to`);
  if (pull.sessions)
    return { by: 'lsids', lsids: [...new Set(pull.sessions.map((lsid) => lsid.toLowerCase()))] };
  if (pull.from !== undefined) {
    const from = Math.floor(Date.parse(pull.from) / 1000);
    // The appliance's clock may be ahead of ours: "until now" must hold on it too.
    const to =
      pull.to === undefined ? Math.floor(now / 1000) + 86_400 : Math.floor(Date.parse(pull.to) / 1000);
    if (to <= from || from < 0) throw badField('from', 'must lie before to');
    return { by: 'start_time', from, to };
  }
  if (transfers.some(({ stream }) => streamOf(stream).from !== 'snapshot'))
    throw badField('from', 'give from (and to), or sessions');
  return undefined;
}

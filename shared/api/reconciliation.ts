import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { listReconciliations, readReconciliation } from '../reconciliation/record.ts';
import { reconcileByHand } from '../reconciliation/start-reconciliation.ts';
import { slug } from '../settings/names.ts';
import { type Operation, operation } from './operation.ts';
import { notFound } from './problem.ts';
import { failureSchema } from './run-answers.ts';

const PAGE = 50;
const tag = 'Coverage';

const askSchema = z.strictObject({
  sites: z.array(slug).min(1).max(200).optional().meta({ description: 'Left out: all.' }),
  days: z.int().min(1).max(3650).optional().meta({ description: 'How many days back.' }),
});

const recordSchema = z
  .object({
    id: z.string(),
    by: z.enum(['timer', 'hand']),
    at: z.iso.datetime(),
    sites: z.array(z.string()),
    days: z.int().optional(),
    finishedAt: z.iso.datetime().optional(),
    outcomes: z
      .array(
        z.object({
          siteId: z.string(),
          days: z.int(),
          missing: z.int(),
          pulls: z.array(z.string()).meta({ description: 'Runs that pull what was missing.' }),
          problems: z.array(z.object({ transfer: z.string(), message: z.string() })),
          failure: failureSchema.optional(),
        }),
      )
      .optional(),
    failure: failureSchema.optional(),
  })
  .meta({ id: 'Reconciliation' });

/** Reconciliations: the daily ones, and those that somebody asks for. */
export const reconciliationOperations: readonly Operation[] = [
  operation({
    id: 'startReconciliation',
    method: 'post',
    path: '/reconciliation',
    summary: 'Compares what appliances list with what is stored, and pulls what is missing',
    tag,
    role: 'Operator',
    body: askSchema,
    bodyOptional: true,
    answers: {
      202: {
        description: 'The reconciliation',
        schema: recordSchema,
        headers: { Location: 'Where it is shown.' },
      },
    },
    async handle({ context, services, bindings: { reconciler }, body: { sites, days } }) {
      if (!reconciler) throw new Error('the host hands in no reconciler');
      const asked = { ...(sites ? { sites } : {}), ...(days === undefined ? {} : { days }) };
      const name = randomUUID().slice(0, 8);
      const record = await reconcileByHand(services, reconciler, { ...asked, name });
      return context.json(record, 202, { Location: `/api/reconciliation/${record.id}` });
    },
  }),
  operation({
    id: 'listReconciliations',
    method: 'get',
    path: '/reconciliation',
    summary: 'Reconciliations, the latest first',
    tag,
    role: 'Reader',
    query: z.strictObject({
      from: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,200}$/, 'take it from `next`')
        .optional()
        .meta({ description: '`next` of the page before.' }),
    }),
    answers: {
      200: {
        description: 'A page of reconciliations',
        schema: z.object({ reconciliations: z.array(recordSchema), next: z.string().optional() }),
      },
    },
    async handle({ context, services, query: { from } }) {
      const { entries, next } = await listReconciliations(services.state, {
        limit: PAGE,
        ...(from === undefined ? {} : { from }),
      });
      const reconciliations = entries.map(({ value }) => value);
      return context.json({ reconciliations, ...(next === undefined ? {} : { next }) });
    },
  }),
  operation({
    id: 'getReconciliation',
    method: 'get',
    path: '/reconciliation/{id}',
    summary: 'A reconciliation, with what came of it for each site',
    tag,
    role: 'Reader',
    params: z.object({ id: z.string() }),
    answers: { 200: { description: 'The reconciliation', schema: recordSchema } },
    async handle({ context, services, params: { id } }) {
      const record = /^[A-Za-z0-9_-]{1,100}$/.test(id)
        ? await readReconciliation(services.state, id)
        : undefined;
      if (!record) throw notFound(`There is no reconciliation "${id.slice(0, 100)}".`);
      return context.json(record);
    },
  }),
];

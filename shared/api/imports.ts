import type { Context } from 'hono';
import { z } from 'zod';
import {
  getImport,
  type ImportRecord,
  listFaults,
  MOST_PART_BYTES,
  partsOf,
} from '../imports/import-record.ts';
import { createImport, missingParts, refuseGoing, removeImport, storePart } from '../imports/uploads.ts';
import { isFinished } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { nameOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { importForecastSchema } from './forecast-answers.ts';
import {
  faultPageSchema,
  importSchema,
  newImportSchema,
  partSchema,
  startImportSchema,
} from './import-answers.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { badRequest, notFound } from './problem.ts';
import { runSchema } from './run-answers.ts';
import { cancelRun, showRun } from './runs.ts';
import { startImport } from './start-import.ts';

const tag = 'Imports';
const params = z.object({ id: z.string().meta({ description: 'Id of the import.' }) });
const MOST_MISSING = 1000;
const pageQuery = z.strictObject({
  next: z
    .string()
    .regex(/^[A-Za-z0-9|*_.~:@+=,!-]{1,512}$/, 'take it from `next`')
    .optional(),
  limit: pageLimit(200, 50),
});

export const importOperations: readonly Operation[] = [
  operation({
    id: 'createImport',
    method: 'post',
    path: '/imports',
    summary: 'Announces a file of session XML, single or zipped, that is then sent in parts',
    tag,
    role: 'Operator',
    body: newImportSchema,
    answers: { 201: { description: 'The import, without its parts', schema: importSchema } },
    async handle({ context, services, body: { kind, ...body } }) {
      const by = nameOf(context);
      const record = await createImport(services, { ...body, by, ...(kind === undefined ? {} : { kind }) });
      return context.json(await showImport(services, record), 201, {
        Location: `/api/imports/${record.id}`,
      });
    },
  }),
  operation({
    id: 'listImports',
    method: 'get',
    path: '/imports',
    summary: 'Imports that are there',
    tag,
    role: 'Reader',
    query: pageQuery,
    answers: {
      200: {
        description: 'A page of imports',
        schema: z.object({ imports: z.array(importSchema), next: z.string().optional() }),
      },
    },
    async handle({ context, services, query: { next: from, limit } }) {
      const page = await services.state.list<ImportRecord>('imports', 'import', {
        limit,
        ...(from === undefined ? {} : { from }),
      });
      const imports = await Promise.all(page.entries.map(({ value }) => showImport(services, value)));
      return context.json({ imports, ...(page.next === undefined ? {} : { next: page.next }) });
    },
  }),
  operation({
    id: 'getImport',
    method: 'get',
    path: '/imports/{id}',
    summary: 'An import: which parts are missing, and how its load goes on',
    tag,
    role: 'Reader',
    params,
    answers: { 200: { description: 'The import', schema: importSchema } },
    handle: async ({ context, services, params: { id } }) => context.json(await shown(services, id)),
  }),
  operation({
    id: 'putImportPart',
    method: 'put',
    path: '/imports/{id}/parts/{number}',
    summary: 'Sends one part, counted from 1, in any order; again is fine',
    description:
      'The header `Content-Digest: sha-256=:BASE64:` (RFC 9530) is checked where it is sent. What has come shows in the import, so that an upload that was cut off goes on with the parts that are missing.',
    tag,
    role: 'Operator',
    params: params.extend({
      number: z.coerce.number().int().min(1).max(10_000).meta({ description: 'Number of the part.' }),
    }),
    rawBody: { contentType: 'application/octet-stream', mostBytes: MOST_PART_BYTES },
    answers: { 200: { description: 'The part, as it is kept', schema: partSchema } },
    async handle({ context, services, params: { id, number }, bytes }) {
      const part = await storePart(services, id, number, bytes, digestOf(context));
      return context.json({ part: number, ...part });
    },
  }),
  operation({
    id: 'startImport',
    method: 'post',
    path: '/imports/{id}/start',
    summary: 'Loads the sessions of an import, and fetches the recordings that they name',
    description:
      'Sessions that cannot be read are set aside with their place and the reason; the others are loaded. What was read from the appliance itself is never replaced by an import. Starting again repeats the load and doubles nothing.',
    tag,
    role: 'Operator',
    params,
    body: startImportSchema,
    answers: {
      200: { description: 'Of a dry run: what would be loaded', schema: importForecastSchema },
      202: { description: 'The run', schema: runSchema, headers: { Location: 'Where the run is shown.' } },
    },
    async handle({ context, services, bindings: { starter }, params: { id }, body }) {
      const { value: record, etag } = await getImport(services.state, id);
      await refuseGoing(services, record);
      const missing = await missingParts(services, record);
      if (missing.length > 0)
        throw badRequest(`The import is not complete: ${missing.length} parts are missing.`);
      const outcome = await startImport(services, starter, { value: record, etag }, body);
      if ('forecast' in outcome) return context.json({ dryRun: true, ...outcome.forecast });
      return context.json(outcome.run, 202, { Location: `/api/pulls/${outcome.run.id}` });
    },
  }),
  operation({
    id: 'cancelImport',
    method: 'post',
    path: '/imports/{id}/cancel',
    summary: 'Ends the load within seconds; what was stored stays, and it can be started again',
    tag,
    role: 'Operator',
    params,
    answers: { 202: { description: 'The run', schema: runSchema } },
    async handle({ context, services, params: { id } }) {
      const { runId } = (await getImport(services.state, id)).value;
      if (runId === undefined) throw notFound(`The load "${id}" has not been started.`);
      return context.json(await cancelRun(services, runId), 202);
    },
  }),
  operation({
    id: 'listImportFaults',
    method: 'get',
    path: '/imports/{id}/faults',
    summary: 'What its last load could not read or fetch: file, place, session and reason',
    tag,
    role: 'Reader',
    params,
    query: pageQuery,
    answers: { 200: { description: 'A page of faults, in the order of files', schema: faultPageSchema } },
    async handle({ context, services, params: { id }, query: { next: from, limit } }) {
      const { runId } = (await getImport(services.state, id)).value;
      if (runId === undefined) return context.json({ faults: [] });
      const page = { limit, ...(from === undefined ? {} : { from }) };
      return context.json(await listFaults(services.state, id, runId, page));
    },
  }),
  operation({
    id: 'deleteImport',
    method: 'delete',
    path: '/imports/{id}',
    summary: 'Removes what was sent; what was loaded of it stays',
    tag,
    role: 'Operator',
    params,
    answers: { 204: { description: 'It is gone' } },
    async handle({ context, services, params: { id } }) {
      const { value: record } = await getImport(services.state, id);
      await refuseGoing(services, record);
      await removeImport(services, record);
      return context.body(null, 204);
    },
  }),
];

async function shown(services: Services, id: string) {
  return showImport(services, (await getImport(services.state, id)).value);
}

async function showImport(services: Services, record: ImportRecord) {
  const { touchedAt: _, ...rest } = record;
  const missing = await missingParts(services, record);
  const parts = partsOf(record);
  const made = record.runId !== undefined && (await services.state.get('runs', 'run', record.runId));
  const run = made && record.runId !== undefined ? await showRun(services, record.runId) : undefined;
  const loading = run !== undefined && !isFinished(run);
  const ready = missing.length > 0 ? 'incomplete' : 'ready';
  return {
    ...rest,
    parts,
    received: parts - missing.length,
    missing: missing.slice(0, MOST_MISSING),
    state: loading ? 'loading' : run === undefined ? ready : 'loaded',
    ...(run === undefined ? {} : { run }),
  };
}

/** Hex; undefined where none was sent. RFC 9530. */
function digestOf(context: Context<ApiEnvironment>): string | undefined {
  const sent = context.req.header('content-digest');
  if (sent === undefined) return undefined;
  const digest = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(sent)?.[1];
  if (digest === undefined) throw badRequest('Content-Digest: send sha-256=:BASE64: of the part.');
  return Buffer.from(digest, 'base64').toString('hex');
}

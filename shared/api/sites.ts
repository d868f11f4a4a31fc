import { z } from 'zod';
import { siteSchema } from '../settings/site.ts';
import { streamIds } from '../streams/stream.ts';
import { siteNamed } from './at-site.ts';
import { type Operation, operation } from './operation.ts';
import { failureSchema } from './run-answers.ts';
import { listOperation, partOperations } from './settings-parts.ts';
import { testSite } from './site-test.ts';

const tag = 'Sites';

const wanted = {
  dataTypes: z.array(z.enum(streamIds)).min(1).optional().meta({
    description:
      'What is to be pulled. Left out: what schedules pull of the site, else all that its product has.',
  }),
  secret: z.string().min(1).max(25_000).optional().meta({
    writeOnly: true,
    description:
      'Value of the API account’s secret, for this test only: it is neither stored nor logged. Left out: the one that is stored under the name in the settings.',
  }),
};

const state = z.enum(['granted', 'missing', 'unknown']);

const resultSchema = z
  .object({
    ok: z.boolean().meta({ description: 'It answered, and no permission is missing as far as can be told.' }),
    product: z.enum(['RS', 'PRA']).optional(),
    apiVersion: z.string().optional(),
    applianceId: z.string().optional(),
    clock: z
      .object({
        appliance: z.iso.datetime(),
        by: z.enum(['command', 'date-header']),
        difference: z.int().meta({ description: "Seconds that the appliance's clock is ahead of ours." }),
      })
      .optional(),
    permissions: z
      .object({ reporting: state, recordings: state, backup: state, command: state })
      .optional()
      .meta({ description: '`unknown`: only trying tells.' }),
    held: z.record(z.string(), z.string()).optional().meta({
      description: 'Permissions as the appliance names them. Absent where the account may not ask.',
    }),
    dataTypes: z
      .array(
        z.object({
          id: z.enum(streamIds),
          title: z.string(),
          state: z.enum(['available', 'missing-permission', 'not-there', 'unknown']),
          permissions: z.array(z.string()).meta({ description: 'The account needs one of these.' }),
          message: z.string().optional().meta({ description: 'What is wrong, and what to do.' }),
        }),
      )
      .optional(),
    missing: z
      .array(z.string())
      .optional()
      .meta({ description: 'Permissions that the data types need and the account does not have.' }),
    failure: failureSchema.optional(),
  })
  .meta({ id: 'SiteTest' });

const result = { 200: { description: 'What came of it', schema: resultSchema } };

const part = { list: 'sites', name: 'Site', schema: siteSchema, tag } as const;

export const siteOperations: readonly Operation[] = [
  listOperation(part),
  ...partOperations(part),
  operation({
    id: 'testSite',
    method: 'post',
    path: '/sites/{id}/test',
    summary: 'Tests the credentials of a site, and names the permissions that are missing',
    tag,
    role: 'Operator',
    idempotent: false,
    params: z.object({ id: z.string().meta({ description: 'Id of the site.' }) }),
    body: z.strictObject({ dataTypes: wanted.dataTypes }),
    bodyOptional: true,
    answers: result,
    handle: async ({ context, services, params: { id }, body }) =>
      context.json(await testSite(services, await siteNamed(services, id), body)),
  }),
  operation({
    id: 'testSiteDraft',
    method: 'post',
    path: '/sites/test',
    summary: 'The same for a site before it is saved',
    tag,
    role: 'Administrator',
    idempotent: false,
    body: z.strictObject({ site: siteSchema, ...wanted }),
    answers: result,
    handle: async ({ context, services, body: { site, ...rest } }) =>
      context.json(await testSite(services, site, rest)),
  }),
];

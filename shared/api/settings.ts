import type { Context } from 'hono';
import { z } from 'zod';
import { exportSettings, settingsInExport } from '../settings/portable-settings.ts';
import { secretStates } from '../settings/secret-uses.ts';
import { settingsSchema } from '../settings/settings.ts';
import { settingsChanges } from '../settings/settings-changes.ts';
import { getVersion, listVersions, type SettingsAuthor } from '../settings/settings-history.ts';
import {
  checkSettings,
  loadSettings,
  type StoredSettings,
  saveSettings,
} from '../settings/settings-store.ts';
import type { StateStore } from '../state/state-store.ts';
import { noteChanges } from './audit-work.ts';
import { authorOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { type Expected, etagHeader, expectedEtag, sendEtag } from './etag.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { notFound } from './problem.ts';
import {
  exportSchema,
  importedSchema,
  importSchema,
  versionPageSchema,
  versionSchema,
} from './settings-answers.ts';

type Asked = Context<ApiEnvironment>;

const versionParams = z.object({
  version: z.string().meta({ description: 'Number of the version, from 1.' }),
});
const saved = { description: 'The settings as they are saved', schema: settingsSchema, headers: etagHeader };

/** The settings as one document. Writing needs `If-Match` with the ETag that was read, or `If-None-Match: *` at first. */
export const settingsOperations: readonly Operation[] = [
  operation({
    id: 'getSettings',
    method: 'get',
    path: '/settings',
    summary: 'The settings as one document; it names secrets and holds none',
    tag: 'Settings',
    role: 'Reader',
    answers: { 200: saved },
    async handle({ context, services }) {
      const { settings, etag } = await loadSettings(services.state);
      sendEtag(context, etag);
      return context.json(settings);
    },
  }),
  operation({
    id: 'putSettings',
    method: 'put',
    path: '/settings',
    summary: 'Saves the settings whole',
    tag: 'Settings',
    role: 'Administrator',
    etag: 'required',
    // Packages that it names have to be loaded before it can be checked.
    body: z.unknown(),
    describedBody: settingsSchema,
    answers: { 200: saved },
    async handle({ context, body }) {
      const expected = expectedEtag(context);
      const { settings } = await saveAsked(context, body, expected, authorOf(context, 'saved'));
      return context.json(settings);
    },
  }),
  operation({
    id: 'listSettingsVersions',
    method: 'get',
    path: '/settings/history',
    summary: 'Who changed what, and when; the latest first',
    tag: 'Settings',
    role: 'Reader',
    query: z.strictObject({
      limit: pageLimit(200, 50).meta({ description: 'Versions a page.' }),
      from: z
        .string()
        .regex(/^history\|\d{10}$/, 'take it from `next`')
        .optional()
        .meta({ description: '`next` of the page before.' }),
    }),
    answers: { 200: { description: 'A page of versions', schema: versionPageSchema } },
    handle: async ({ context, services, query }) =>
      context.json(await listVersions(services.state, query.limit, query.from)),
  }),
  operation({
    id: 'getSettingsVersion',
    method: 'get',
    path: '/settings/history/{version}',
    summary: 'A version with its whole document, as it was saved',
    tag: 'Settings',
    role: 'Reader',
    params: versionParams,
    answers: { 200: { description: 'The version', schema: versionSchema } },
    handle: async ({ context, services, params }) =>
      context.json(await versionAt(services.state, params.version)),
  }),
  operation({
    id: 'restoreSettingsVersion',
    method: 'post',
    path: '/settings/history/{version}/restore',
    summary: 'Saves a version of before once more',
    tag: 'Settings',
    role: 'Administrator',
    etag: 'required',
    params: versionParams,
    answers: { 200: saved },
    async handle({ context, services, params }) {
      const expected = expectedEtag(context);
      const { version: restored, settings } = await versionAt(services.state, params.version);
      const stored = await saveAsked(context, settings, expected, authorOf(context, 'restored', restored));
      return context.json(stored.settings);
    },
  }),
  operation({
    id: 'exportSettings',
    method: 'get',
    path: '/settings/export',
    summary: 'The settings for another installation, with the names of the secrets that it needs',
    tag: 'Settings',
    role: 'Reader',
    answers: { 200: { description: 'The export', schema: exportSchema } },
    async handle({ context, services }) {
      const { settings } = await loadSettings(services.state);
      context.header('Content-Disposition', 'attachment; filename="integration-client-settings.json"');
      return context.json(await exportSettings(settings, services.secrets, services.now()));
    },
  }),
  operation({
    id: 'importSettings',
    method: 'post',
    path: '/settings/import',
    summary: 'Saves the settings of an export, or says what that would change',
    tag: 'Settings',
    role: 'Administrator',
    etag: 'required',
    query: z.strictObject({
      dryRun: z.enum(['true', '1', '', 'false', '0']).default('false').meta({
        description: '`true`: says what would change, and changes nothing; then no ETag is needed.',
      }),
    }),
    body: z.unknown(),
    describedBody: importSchema,
    answers: { 200: { description: 'What changes', schema: importedSchema, headers: etagHeader } },
    async handle({ context, services, query, body }) {
      const { state, secrets } = services;
      const dryRun = ['true', '1', ''].includes(query.dryRun);
      const expected = dryRun ? undefined : expectedEtag(context);
      const input = settingsInExport(body);
      const before = await loadSettings(state);
      const settings = await checkSettings(state, input);
      if (expected) await saveAsked(context, settings, expected, authorOf(context, 'imported'));
      return context.json({
        applied: !dryRun,
        changes: settingsChanges(before.settings, settings),
        secrets: await secretStates(secrets, settings),
      });
    },
  }),
];

/** Saves under the ETag that was expected, and sends the new one. */
export async function saveAsked(
  context: Asked,
  input: unknown,
  { etag }: Expected,
  author: SettingsAuthor,
): Promise<StoredSettings> {
  const { state } = context.env.services;
  const before = await loadSettings(state);
  const stored = await saveSettings(state, input, etag, author);
  noteChanges(context, settingsChanges(before.settings, stored.settings));
  context.env.services.logs?.follow(stored.settings.application);
  sendEtag(context, stored.etag);
  return stored;
}

async function versionAt(
  state: StateStore,
  asked: string,
): Promise<NonNullable<Awaited<ReturnType<typeof getVersion>>>> {
  const found = /^[1-9]\d{0,9}$/.test(asked) ? await getVersion(state, Number(asked)) : undefined;
  if (!found) throw notFound(`There is no version "${asked.slice(0, 40)}" of the settings.`);
  return found;
}

import { type Context, Hono } from 'hono';
import { Failure } from '../errors.ts';
import { exportSettings, settingsInExport } from '../settings/portable-settings.ts';
import { secretStates } from '../settings/secret-uses.ts';
import { settingsChanges } from '../settings/settings-changes.ts';
import { getVersion, listVersions, type SettingsAuthor } from '../settings/settings-history.ts';
import {
  checkSettings,
  loadSettings,
  type StoredSettings,
  saveSettings,
} from '../settings/settings-store.ts';
import { readJson } from './body.ts';
import { authorOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest, notFound } from './problem.ts';

type Asked = Context<ApiEnvironment>;

/** The settings as one document. Writing needs `If-Match` with the ETag that was read, or `If-None-Match: *` at first. */
export function settingsRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { settings, etag } = await loadSettings(context.env.services.state);
    if (etag !== undefined) context.header('ETag', quote(etag));
    return context.json(settings);
  });
  routes.put('/', async (context) => {
    const expected = expectedEtag(context);
    const { settings } = await save(context, await readJson(context), expected, authorOf(context, 'saved'));
    return context.json(settings);
  });
  routes.get('/history', async (context) => {
    const limit = Number(context.req.query('limit') ?? 50);
    if (!Number.isInteger(limit) || limit < 1 || limit > 200)
      throw badRequest('limit: a whole number from 1 to 200.');
    const from = context.req.query('from');
    if (from !== undefined && !/^history\|\d{10}$/.test(from)) throw badRequest('from: take it from `next`.');
    return context.json(await listVersions(context.env.services.state, limit, from));
  });
  routes.get('/history/:version', async (context) => context.json(await version(context)));
  routes.post('/history/:version/restore', async (context) => {
    const expected = expectedEtag(context);
    const { version: restored, settings } = await version(context);
    const stored = await save(context, settings, expected, authorOf(context, 'restored', restored));
    return context.json(stored.settings);
  });
  routes.get('/export', async (context) => {
    const { state, secrets, now } = context.env.services;
    const { settings } = await loadSettings(state);
    context.header('Content-Disposition', 'attachment; filename="integration-client-settings.json"');
    return context.json(await exportSettings(settings, secrets, now()));
  });
  routes.post('/import', async (context) => {
    const dryRun = ['true', '1', ''].includes(context.req.query('dryRun') ?? 'false');
    const { state, secrets } = context.env.services;
    const expected = dryRun ? undefined : expectedEtag(context);
    const input = settingsInExport(await readJson(context));
    const before = await loadSettings(state);
    const settings = await checkSettings(state, input);
    if (expected) await save(context, settings, expected, authorOf(context, 'imported'));
    return context.json({
      applied: !dryRun,
      changes: settingsChanges(before.settings, settings),
      secrets: await secretStates(secrets, settings),
    });
  });
  return routes;
}

interface Expected {
  /** Absent: there must be none yet. */
  readonly etag?: string;
}

function expectedEtag(context: Asked): Expected {
  const match = context.req.header('If-Match');
  if (match !== undefined) return { etag: unquote(match) };
  if (context.req.header('If-None-Match') === '*') return {};
  throw new Failure(
    'terminal',
    'etag-missing',
    'Send If-Match with the ETag of the settings you changed, or If-None-Match: * when there are none yet.',
  );
}

async function save(
  context: Asked,
  input: unknown,
  { etag }: Expected,
  author: SettingsAuthor,
): Promise<StoredSettings> {
  const stored = await saveSettings(context.env.services.state, input, etag, author);
  context.env.services.logs?.follow(stored.settings.application);
  if (stored.etag !== undefined) context.header('ETag', quote(stored.etag));
  return stored;
}

async function version(context: Asked): Promise<NonNullable<Awaited<ReturnType<typeof getVersion>>>> {
  const asked = context.req.param('version') ?? '';
  const found = /^[1-9]\d{0,9}$/.test(asked)
    ? await getVersion(context.env.services.state, Number(asked))
    : undefined;
  if (!found) throw notFound(`There is no version "${asked.slice(0, 40)}" of the settings.`);
  return found;
}

// A table's ETag is itself quoted and has a W/ in front: it travels as an opaque text of ours.
function quote(etag: string): string {
  return `"${encodeURIComponent(etag)}"`;
}

function unquote(header: string): string {
  try {
    return decodeURIComponent(header.trim().replace(/^W\//, '').replace(/^"|"$/g, ''));
  } catch {
    return header;
  }
}

import { Hono } from 'hono';
import { Failure } from '../errors.ts';
import { loadSettings, saveSettings } from '../settings/settings-store.ts';
import { readJson } from './body.ts';
import type { ApiEnvironment } from './environment.ts';

/** The settings as one document. PUT needs `If-Match` with the ETag that was read, or `If-None-Match: *` at first. */
export function settingsRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { settings, etag } = await loadSettings(context.env.services.state);
    if (etag !== undefined) context.header('ETag', quote(etag));
    return context.json(settings);
  });
  routes.put('/', async (context) => {
    const match = context.req.header('If-Match');
    if (match === undefined && context.req.header('If-None-Match') !== '*')
      throw new Failure(
        'terminal',
        'etag-missing',
        'Send If-Match with the ETag of the settings you changed, or If-None-Match: * when there are none yet.',
      );
    const { state } = context.env.services;
    const stored = await saveSettings(
      state,
      await readJson(context),
      match === undefined ? undefined : unquote(match),
    );
    context.header('ETag', quote(stored.etag ?? ''));
    return context.json(stored.settings);
  });
  return routes;
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

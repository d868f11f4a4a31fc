import { Hono } from 'hono';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import { bareSecretName } from '../settings/names.ts';
import { secretStates } from '../settings/secret-uses.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { readBody } from './body.ts';
import { nameOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest } from './problem.ts';

/** Key Vault's limit is 25 KB. */
const bodySchema = z.strictObject({ value: z.string().min(1).max(25_000) });

/** Which secrets the settings name and whether they are set. Values can be set, and are never given out. */
export function secretRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { state, secrets } = context.env.services;
    const { settings } = await loadSettings(state);
    return context.json({
      writable: secrets.set !== undefined,
      secrets: await secretStates(secrets, settings),
    });
  });
  routes.put('/:name', async (context) => {
    const { secrets, log } = context.env.services;
    const name = context.req.param('name');
    if (!bareSecretName.test(name))
      throw badRequest('The name of a secret has letters, digits and hyphens only, at most 127.');
    const { value } = await readBody(context, bodySchema);
    if (!secrets.set)
      throw new Failure(
        'terminal',
        'secrets-read-only',
        `Secrets of this installation are application settings; set SECRET_${name.toUpperCase().replaceAll('-', '_')}, or use a Key Vault.`,
      );
    await secrets.set(name, value);
    log.info('Secret set', { secret: name, by: nameOf(context) });
    return context.body(null, 204);
  });
  return routes;
}

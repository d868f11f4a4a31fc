import type { MiddlewareHandler } from 'hono';
import { withLogFields } from '../log.ts';
import { followSettings } from '../runs/follow-settings.ts';
import { nameOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';

/**
 * What people ask for goes into the client log: what changes something as a line, with who asked, what only reads at
 * level debug. Bodies never do. A new level of the log is followed as soon as it was saved.
 */
export const asClient: MiddlewareHandler<ApiEnvironment> = (context, next) =>
  withLogFields({ log: 'client' }, async () => {
    const { services } = context.env;
    const { method } = context.req;
    // Of the addresses that appliances are given the rest is a secret.
    const path = context.req.path.replace(/(\/(?:events|ticket-requests)\/).+/i, '$1***');
    const began = performance.now();
    await followSettings(services);
    await next();
    const fields = {
      method,
      path,
      status: context.res.status,
      ms: Math.round(performance.now() - began),
      by: nameOf(context),
    };
    if (method === 'GET' || method === 'HEAD') services.log.debug('API asked', fields);
    else services.log.info('API asked', fields);
  });

import { Hono } from 'hono';
import { Failure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import { asClient } from './client-log.ts';
import { coverageRoutes, reconciliationRoutes } from './coverage.ts';
import type { ApiEnvironment } from './environment.ts';
import { ledgerRoutes } from './ledger.ts';
import { logRoutes } from './logs.ts';
import { authorize, mountOperation } from './mount-operation.ts';
import { notificationRoutes } from './notifications.ts';
import { operations } from './operations.ts';
import { problemOf, problemResponse } from './problem.ts';
import { pullRoutes } from './pulls.ts';
import { scheduleRoutes, schedulerRoutes } from './schedules.ts';
import { secretRoutes } from './secrets.ts';
import { settingsRoutes } from './settings.ts';

/** The HTTP API: Request → Response, the same under Azure and locally. Errors are `application/problem+json`. */
export function createApi(): Hono<ApiEnvironment> {
  const api = new Hono<ApiEnvironment>().basePath('/api');
  // Before everything that needs the services: it tells that the process lives.
  api.get('/health', (context) => context.json({ status: 'ok' }));
  api.use(asClient);
  for (const operation of operations) mountOperation(api, operation);
  // Routes that are not operations yet.
  api.use(async (context, next) => {
    await authorize(context, context.req.method === 'GET' ? 'Reader' : 'Administrator');
    await next();
  });
  api.route('/coverage', coverageRoutes());
  api.route('/ledger', ledgerRoutes());
  api.route('/log', logRoutes());
  api.route('/notifications', notificationRoutes());
  api.route('/pulls', pullRoutes());
  api.route('/reconciliation', reconciliationRoutes());
  api.route('/scheduler', schedulerRoutes());
  api.route('/schedules', scheduleRoutes());
  api.route('/secrets', secretRoutes());
  api.route('/settings', settingsRoutes());
  api.notFound(() =>
    problemResponse({ status: 404, code: 'not-found', title: 'There is nothing at this address.' }),
  );
  api.onError((error, context) => {
    const problem = problemOf(error);
    if (!(error instanceof Failure))
      context.env.services.log.error(logEvents.unexpectedInApi, {
        path: context.req.path,
        stack: error.stack,
      });
    return problemResponse(problem);
  });
  return api;
}

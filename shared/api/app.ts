import { Hono } from 'hono';
import { Failure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import { asClient } from './client-log.ts';
import type { ApiEnvironment } from './environment.ts';
import { mountOperation, refuseOtherMethods } from './mount-operation.ts';
import { operations } from './operations.ts';
import { problemOf, problemResponse } from './problem.ts';

/** The HTTP API: Request → Response, the same under Azure and locally. Errors are `application/problem+json`. */
export function createApi(): Hono<ApiEnvironment> {
  const api = new Hono<ApiEnvironment>().basePath('/api');
  // Before everything that needs the services: it tells that the process lives.
  api.get('/health', (context) => context.json({ status: 'ok' }));
  api.use(asClient);
  for (const operation of operations) mountOperation(api, operation);
  refuseOtherMethods(api, operations);
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

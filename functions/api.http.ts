import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { accessOf } from '../shared/access/access.ts';
import type { createApi } from '../shared/api/app.ts';
import { orchestrationStarter, reconciliation, runStarter } from '../shared/schedules/durable-starter.ts';
import { services } from '../shared/service-provider.ts';

/** Imported when it is first asked: whoever only runs orchestrations or timers spares a third of the start. */
let made: Promise<ReturnType<typeof createApi>> | undefined;
const api = () => (made ??= import('../shared/api/app.ts').then((module) => module.createApi()));

app.http('api', {
  route: '{*path}',
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
  // The token is verified in the API, before anything else that was sent is looked at.
  authLevel: 'anonymous',
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const bare = request.method === 'GET' || request.method === 'HEAD';
    const { method, url } = request;
    const headers = new Headers([...request.headers]);
    // Read by who has let the caller in.
    const body = bare ? null : (request.body as ReadableStream | null);
    const asked = new Request(url, { method, headers, body, duplex: 'half' });
    // Made when they are asked for: what is wrong with them is then told like any other error.
    const answer = await (await api()).fetch(asked, {
      get services() {
        return services();
      },
      get starter() {
        return runStarter(df.getClient(context));
      },
      get reconciler() {
        return orchestrationStarter(df.getClient(context), reconciliation);
      },
      authenticate: (headers) => accessOf(services()).authenticate(headers),
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: new Uint8Array(await answer.arrayBuffer()),
    };
  },
});

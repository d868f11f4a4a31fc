import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { localPrincipal } from '../shared/access/local.ts';
import { createApi } from '../shared/api/app.ts';
import { callerOf } from '../shared/api/caller.ts';
import { orchestrationStarter, reconciliation, runStarter } from '../shared/schedules/durable-starter.ts';
import { services } from '../shared/service-provider.ts';

const api = createApi();

app.http('api', {
  route: '{*path}',
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
  authLevel: 'function',
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const bare = request.method === 'GET' || request.method === 'HEAD';
    const body = bare ? null : await request.arrayBuffer();
    const { method, url } = request;
    const asked = new Request(url, { method, headers: new Headers([...request.headers]), body });
    // Made when they are asked for: what is wrong with them is then told like any other error.
    const answer = await api.fetch(asked, {
      get services() {
        return services();
      },
      get starter() {
        return runStarter(df.getClient(context));
      },
      get reconciler() {
        return orchestrationStarter(df.getClient(context), reconciliation);
      },
      // The function key has been looked at by the host.
      authenticate: async (headers) => ({
        ...localPrincipal,
        name: callerOf(headers, process.env) ?? 'HTTP API',
      }),
    });
    const headers = Object.fromEntries(answer.headers);
    return { status: answer.status, headers, body: new Uint8Array(await answer.arrayBuffer()) };
  },
});

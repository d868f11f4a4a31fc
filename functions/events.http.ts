import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { MOST_EVENT_BYTES, takeEvent } from '../shared/api/events.ts';
import { reportFailure } from '../shared/errors.ts';
import { services } from '../shared/service-provider.ts';

/** Appliances cannot send a function key: the secret in the address is the guard. */
app.http('events', {
  route: 'events/{secret}',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request: HttpRequest): Promise<HttpResponseInit> => {
    try {
      const status = await takeEvent(services(), {
        secret: request.params.secret ?? '',
        body: () => textOf(request.body),
      });
      return { status };
    } catch (error) {
      const { code, message } = reportFailure(error);
      services().log.error('An event could not be kept', { code, message });
      return { status: 503 };
    }
  },
});

async function textOf(body: HttpRequest['body']): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (body !== null)
    for await (const part of body as AsyncIterable<Uint8Array>) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= MOST_EVENT_BYTES) break;
    }
  return Buffer.concat(parts).toString('utf8', 0, MOST_EVENT_BYTES);
}

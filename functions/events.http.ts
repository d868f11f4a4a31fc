import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { MOST_EVENT_BYTES, takeEvent } from '../shared/api/events.ts';
import { postedText } from '../shared/api/posted-text.ts';
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
        body: () => postedText(request.body as AsyncIterable<Uint8Array> | null, MOST_EVENT_BYTES),
      });
      return { status };
    } catch (error) {
      const { code, message } = reportFailure(error);
      services().log.error('An event could not be kept', { code, message });
      return { status: 503 };
    }
  },
});

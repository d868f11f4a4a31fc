import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { postedText } from '../shared/api/posted-text.ts';
import { problemOf } from '../shared/api/problem.ts';
import { reportFailure } from '../shared/errors.ts';
import { services } from '../shared/service-provider.ts';
import { MOST_ANSWER_BYTES, takeSignedAnswer } from '../shared/tickets/signed-answer.ts';
import { MOST_REQUEST_BYTES, takeTicketRequest } from '../shared/tickets/take-request.ts';
import { ticketsAtRest, workInBackground } from '../shared/tickets/tend-tickets.ts';

/** Appliances cannot send a key or a token: the secret in the address is the guard. */
app.http('ticket-requests', {
  route: 'ticket-requests/{secret}',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request: HttpRequest): Promise<HttpResponseInit> => {
    try {
      const { status, id } = await takeTicketRequest(services(), {
        secret: request.params.secret ?? '',
        body: () => postedText(request.body as AsyncIterable<Uint8Array> | null, MOST_REQUEST_BYTES + 1),
      });
      if (id !== undefined) workInBackground(services(), id);
      return { status };
    } catch (error) {
      const { code, message } = reportFailure(error);
      services().log.error('A ticket request could not be kept', { code, message });
      return { status: 503 };
    }
  },
});

/** Later answers of the ticket system: their signature is the guard. */
app.http('ticket-answers', {
  route: 'ticket-answers/{id}',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request: HttpRequest): Promise<HttpResponseInit> => {
    const { id = '' } = request.params;
    try {
      const { decision } = await takeSignedAnswer(services(), {
        id,
        headers: request.headers,
        body: () => postedText(request.body as AsyncIterable<Uint8Array> | null, MOST_ANSWER_BYTES + 1),
      });
      workInBackground(services(), id);
      return { status: 202, jsonBody: { id, response: decision?.response } };
    } catch (error) {
      const problem = problemOf(error);
      services().log.warn('An answer to a ticket request was not taken', { code: problem.code });
      const headers = { 'content-type': 'application/problem+json' };
      return { status: problem.status, headers, body: JSON.stringify(problem) };
    }
  },
});

app.hook.appTerminate(() => ticketsAtRest());

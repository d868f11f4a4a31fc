import { z } from 'zod';
import type { Services } from '../services.ts';
import { answerTicket } from '../tickets/answer-ticket.ts';
import { tendTicket } from '../tickets/tend-tickets.ts';
import { getTicket, listTickets, type TicketRequest, ticketId } from '../tickets/ticket-request.ts';
import { answerSchema } from '../tickets/ticket-system.ts';
import { nameOf } from './caller.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { notFound } from './problem.ts';

const time = z.iso.datetime();

const requestSchema = z
  .object({
    id: z.string().meta({ description: 'Of the request: 32 hexadecimal digits.' }),
    siteId: z.string(),
    ticketHash: z.string().meta({
      description: 'HMAC of the ticket ID under the key of the settings; the ID itself is never shown.',
    }),
    state: z.enum(['forward', 'wait', 'answer', 'settled']).meta({
      description:
        'forward: to be posted to the ticket system. wait: posted, it answers later. answer: decided, the appliance is to be told. settled: nothing is left to be done.',
    }),
    receivedAt: time,
    decideBy: time.meta({ description: 'Then a request that nobody answered is denied.' }),
    response: z.enum(['allow', 'deny']).optional(),
    by: z.string().optional().meta({
      description: '`rule NAME`, `otherwise`, `ticket system`, `time` (nobody answered), or who answered.',
    }),
    outcome: z
      .enum(['answered', 'perhaps-answered', 'too-late', 'no-ticket-system', 'not-answered'])
      .optional(),
    settledAt: time.optional(),
    failure: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ title: 'Ticket request' });

const params = z.object({
  id: z.string().regex(ticketId, '32 hexadecimal digits').meta({ description: 'Id of the request.' }),
});

/** Requests for a ticket's approval, and answers by hand. Appliances and ticket systems have addresses of their own. */
export const ticketOperations: readonly Operation[] = [
  operation({
    id: 'listTicketRequests',
    method: 'get',
    path: '/tickets',
    summary: 'Requests for the approval of a ticket, of the last two days',
    description: 'In no order. Older ones stand in the audit log.',
    tag: 'Tickets',
    role: 'Reader',
    query: z.strictObject({
      limit: pageLimit(200, 50),
      next: z.string().regex(ticketId, 'take it from `next`').optional(),
    }),
    answers: {
      200: {
        description: 'A page of requests',
        schema: z.object({ items: z.array(requestSchema), next: z.string().optional() }),
      },
    },
    async handle({ context, services, query: { limit, next: from } }) {
      const page = await listTickets(services.state, { limit, ...(from === undefined ? {} : { from }) });
      const items = page.entries.map(({ key, value }) => shown(key, value));
      return context.json({ items, ...(page.next === undefined ? {} : { next: page.next }) });
    },
  }),
  operation({
    id: 'getTicketRequest',
    method: 'get',
    path: '/tickets/{id}',
    summary: 'A request for the approval of a ticket',
    tag: 'Tickets',
    role: 'Reader',
    params,
    answers: { 200: { description: 'The request', schema: requestSchema } },
    handle: async ({ context, services, params: { id } }) => context.json(await show(services, id)),
  }),
  operation({
    id: 'answerTicketRequest',
    method: 'post',
    path: '/tickets/{id}/answer',
    summary: 'Answers a request that was forwarded',
    description:
      'For people and scripts; the ticket system itself answers at `/api/ticket-answers/{id}`, signed. 409 `ticket-decided`: another answer was first. The appliance is told before this is answered, where it can be reached.',
    tag: 'Tickets',
    role: 'Operator',
    params,
    body: answerSchema,
    answers: { 200: { description: 'The request with its answer', schema: requestSchema } },
    async handle({ context, services, params: { id }, body }) {
      await answerTicket(services, id, body, nameOf(context));
      await tendTicket(services, id);
      return context.json(await show(services, id));
    },
  }),
];

async function show({ state }: Services, id: string) {
  const entry = await getTicket(state, id);
  if (!entry) throw notFound('There is no ticket request with this id.');
  return shown(id, entry.value);
}

function shown(id: string, request: TicketRequest): z.input<typeof requestSchema> {
  const { siteId, ticketHash, state, receivedAt, decideBy, decision, outcome, settledAt, failure } = request;
  return {
    id,
    siteId,
    ticketHash,
    state,
    receivedAt: iso(receivedAt),
    decideBy: iso(decideBy),
    ...(decision ? { response: decision.response, by: decision.by } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(settledAt === undefined ? {} : { settledAt: iso(settledAt) }),
    ...(failure ? { failure: { code: failure.code, message: failure.message } } : {}),
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

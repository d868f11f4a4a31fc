import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import { liveWork } from '../../shared/runs/live-runs.ts';
import { takeTicketRequest } from '../../shared/tickets/take-request.ts';
import { tendTickets } from '../../shared/tickets/tend-tickets.ts';
import { listTickets, type TicketRequest } from '../../shared/tickets/ticket-request.ts';
import type { SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { appliance } from '../appliance-client-support.ts';
import { tlsServer } from '../tls-server-support.ts';
import { type Desk, type DeskOptions, openDesk } from './desk.ts';

export const addressSecret = 'a-secret-of-the-appliance';
export const signingSecret = 'a-secret-of-the-ticket-system';
const key = 'the key of ticket approval, 32 or more characters';

/** Nobody may find these anywhere. */
export const canary = {
  ticket: 'CHG-CANARY-4711',
  request: 'REQUEST-CANARY-opaque+/=\u{1F600}',
  email: 'anna.canary@example.com',
};

export interface TicketOffice {
  readonly main: SimulatedAppliance;
  readonly desk: Desk;
  /** What the appliance posts; resolves to the status. The appliance waits for the answer from then on. */
  post(fields?: Readonly<Record<string, string>>, secret?: string): Promise<number>;
  /** As the minute's timer does. */
  tick(): Promise<void>;
  requests(): Promise<readonly TicketRequest[]>;
  request(): Promise<TicketRequest & { readonly id: string }>;
  /** What the appliance was told, without the id. */
  told(): readonly object[];
  /** The state's files, the log and the audit log have nothing of the canaries. */
  nowhere(): void;
}

export async function ticketOffice(
  context: TestContext,
  approval: object,
  options: { readonly main?: SimulatedAppliance } & Pick<DeskOptions, 'folder' | 'state'> = {},
): Promise<TicketOffice> {
  const main = options.main ?? (await appliance(context, { product: 'PRA', sessions: 5 }));
  const desk = await openDesk(context, main, {
    site: { product: 'PRA', ticketSecret: 'hook' },
    application: { ticketApproval: { keySecret: 'key', ...approval } },
    secrets: { hook: addressSecret, key, sign: signingSecret },
    ...(options.folder === undefined ? {} : { folder: options.folder }),
    ...(options.state === undefined ? {} : { state: options.state }),
  });
  const { services } = desk;
  const list = async () => (await listTickets(services.state, {})).entries;
  return {
    main,
    desk,
    async post(fields = {}, secret = addressSecret) {
      const form = { request_id: canary.request, ticket_id: canary.ticket, ...user, ...fields };
      main.operations.approvalsWaiting.add(form.request_id);
      const body = async () => new URLSearchParams(form).toString();
      return (await takeTicketRequest(services, { secret, body })).status;
    },
    tick: async () => tendTickets(services, (await liveWork(services.state)).tickets),
    requests: async () => (await list()).map(({ value }) => value),
    async request() {
      const [one, ...more] = await list();
      assert.ok(one && more.length === 0, 'one request');
      return { id: one.key, ...one.value };
    },
    told: () =>
      main.operations.approvals.map((sent) => {
        const { response_id: _id, ...rest } = sent;
        return rest;
      }),
    nowhere() {
      const stored = desk.stored();
      assert.ok(stored.includes('ticketHash') && desk.log.lines.length > 0);
      const texts = { stored, logged: JSON.stringify(desk.log.lines) };
      for (const [where, text] of Object.entries(texts))
        for (const [what, word] of Object.entries(canary))
          for (const form of formsOf(word)) assert.ok(!text.includes(form), `${what} is ${where}`);
    },
  };
}

const user = {
  response_url: 'https://elsewhere.example.com/api/endpoint_approval',
  'user.username': 'anna',
  'user.email_address': canary.email,
  'jump_item.computer_name': 'srv-1',
  'jump_item.group': 'Servers',
};

function formsOf(word: string): string[] {
  return [
    word,
    word.toLowerCase(),
    JSON.stringify(word).slice(1, -1),
    encodeURIComponent(word),
    Buffer.from(word).toString('base64').replace(/=+$/, '').slice(0, -2),
  ];
}

export interface Posted {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it.
  readonly body: any;
}

/** A ticket system that answers as the test says; the settings for it in `setting`. */
export async function ticketSystem(context: TestContext, reply: { status: number; body: string }) {
  const posted: Posted[] = [];
  const server = await tlsServer(context, async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const text = Buffer.concat(parts).toString('utf8');
    posted.push({ headers: request.headers, text, body: JSON.parse(text) });
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
  });
  const setting = {
    url: `https://${server.address}/tickets`,
    signingSecret: 'sign',
    certificateAuthority: server.caPem,
  };
  return { posted, reply, setting, server: server.server };
}

/** Standard Webhooks, written again. */
export function signatureOf(id: string, timestamp: string, text: string, secret = signingSecret): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${text}`).digest('base64')}`;
}

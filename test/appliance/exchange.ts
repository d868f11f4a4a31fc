import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Api } from './api.ts';
import { routeOf } from './api.ts';
import { faultReply } from './fault-replies.ts';
import type { Faults } from './faults.ts';
import { type ApiRequest, readRequest } from './request.ts';
import { sendReply } from './send-reply.ts';
import type { SentLog } from './sent-log.ts';
import type { World } from './world.ts';

interface Parts {
  readonly world: World;
  readonly api: Api;
  readonly faults: Faults;
  readonly log: SentLog;
}

type Exchange = (message: IncomingMessage, response: ServerResponse, connection: Socket) => void;

const requestsPerHour = 15_000;

/** One request and its reply. */
export function createExchange({ world, api, faults, log }: Parts): Exchange {
  let hour = 0;
  let asked = 0;

  function remaining(now: number): number {
    const current = Math.floor(now / 3600);
    if (current !== hour) asked = 0;
    hour = current;
    return Math.max(0, requestsPerHour - ++asked);
  }

  async function exchange(message: IncomingMessage, response: ServerResponse, connection: Socket) {
    const client = new AbortController();
    response.on('close', () => client.abort());
    // A reset by the client shows as an error on the way to `close`.
    response.on('error', () => {});
    const request = await readRequest(message);
    if (!request) return message.socket.destroy();
    const route = routeOf(request);
    const fault = faults.meetRequest({ ...route, lsids: lsidsOf(request) });
    const entry = log.open(route.request, withoutPassword(request.parameters));
    if (fault) entry.fault = fault.kind;
    if (fault?.kind === 'refuse') {
      connection.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'evict-token') api.evictTokens(request);
    const now = world.clock.now();
    response.sendDate = false;
    response.shouldKeepAlive = false;
    response.setHeader('Date', new Date(now * 1000).toUTCString());
    response.setHeader('X-RateLimit-Limit', String(requestsPerHour));
    response.setHeader('X-RateLimit-Remaining', String(remaining(now)));
    const reply = (fault && faultReply(fault, world.settings.namespace)) ?? api.reply(request, route);
    await sendReply({ response, connection, reply, fault, entry, ids: world.ids, gone: client.signal });
  }

  return (message, response, connection) => {
    exchange(message, response, connection).catch((error: unknown) => {
      // A fault of this simulator must be seen by whoever runs a test, not look like a fault on order.
      process.nextTick(() => {
        throw error;
      });
    });
  };
}

function lsidsOf({ parameters }: ApiRequest): string[] {
  return [parameters.lsid ?? '', ...(parameters.lsids ?? '').split(',')].filter((lsid) => lsid !== '');
}

function withoutPassword({ password: _, ...rest }: Readonly<Record<string, string>>): Record<string, string> {
  return rest;
}

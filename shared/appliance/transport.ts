import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { cancelled, throwIfCancelled } from '../retry.ts';
import type { SiteAddress } from './host.ts';
import { ReplyBody } from './reply-body.ts';
import { transportFailure } from './transport-errors.ts';

export interface TransportLimits {
  /** Until name, connection and TLS stand. Default 15 s. */
  readonly connectMs: number;
  /** Longest wait for the next byte, the first included. Default 60 s. */
  readonly idleMs: number;
}

export const TRANSPORT_LIMITS: TransportLimits = { connectMs: 15_000, idleMs: 60_000 };

export interface TransportOptions {
  readonly address: SiteAddress;
  /** Site name and host, for messages. */
  readonly where: string;
  /** PEM. Given, it is the only authority that is trusted for this site. */
  readonly ca?: string | undefined;
  readonly limits: TransportLimits;
  readonly log: Log;
}

export interface TransportRequest {
  /** For messages and logs; no secret. */
  readonly what: string;
  readonly path: string;
  readonly query?: Parameters;
  /** Given, the request is a POST. Multipart is not supported by appliances (API guide). */
  readonly body?: { readonly type: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export type Parameters = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: ReplyBody;
}

export function formBody(parameters: Parameters): { readonly type: string; readonly text: string } {
  return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(parameters).toString() };
}

/** HTTPS to one site: verified TLS 1.2 or newer, a connection a call (API guide), no redirect, no compression. */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get where(): string {
    return this.#options.where;
  }

  /** Any status but a redirect is a reply. Throws `Failure`: see transport-errors.ts, and `stalled`, `redirected`. */
  async send(request: TransportRequest): Promise<Reply> {
    const { where, limits, log } = this.#options;
    const { what, signal } = request;
    throwIfCancelled(signal);
    const startedAt = performance.now();
    const message = await this.#open(request);
    const status = message.statusCode ?? 0;
    log.debug('appliance request', {
      site: where,
      request: what,
      status,
      ms: Math.round(performance.now() - startedAt),
    });
    const body = new ReplyBody(message, { where, what, idleMs: limits.idleMs, signal });
    const refusal = this.#refusal(message, what);
    if (refusal !== undefined) {
      body.drop();
      throw refusal;
    }
    return { status, headers: message.headers, body };
  }

  #open({ what, path, query, body, headers, signal }: TransportRequest): Promise<IncomingMessage> {
    const { address, where, ca, limits } = this.#options;
    const search =
      query === undefined || Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`;
    const bytes = body === undefined ? undefined : Buffer.from(body.text);
    return new Promise((resolve, reject) => {
      const outgoing = this.#request({
        host: address.hostname,
        port: address.port,
        path: path + search,
        method: bytes === undefined ? 'GET' : 'POST',
        headers: {
          Host: address.authority,
          'Accept-Encoding': 'identity',
          'User-Agent': 'integration-client-for-beyondtrust',
          Connection: 'close',
          ...(bytes === undefined ? {} : { 'Content-Type': body?.type, 'Content-Length': bytes.length }),
          ...headers,
        },
        agent: false,
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        insecureHTTPParser: false,
        ...(ca === undefined ? {} : { ca }),
      });
      const stop = (failure: Failure) => outgoing.destroy(failure);
      const noConnection = () =>
        stop(
          new Failure(
            'transient',
            'unreachable',
            `${where} cannot be reached: no connection within ${limits.connectMs / 1000} s.`,
          ),
        );
      const noAnswer = () =>
        stop(
          new Failure(
            'transient',
            'stalled',
            `${where}: ${what} stalled: no answer within ${limits.idleMs / 1000} s.`,
          ),
        );
      const onAbort = () => {
        if (signal !== undefined) stop(cancelled(signal));
      };
      let timer = setTimeout(noConnection, limits.connectMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      outgoing.once('socket', (socket) => {
        socket.once('secureConnect', () => {
          clearTimeout(timer);
          timer = setTimeout(noAnswer, limits.idleMs);
        });
      });
      outgoing.once('response', (message) => {
        finish();
        resolve(message);
      });
      // Stays for the life of the connection: what comes after the reply began is reported by the body.
      outgoing.on('error', (error) => {
        finish();
        reject(transportFailure(error, where, what, false));
      });
      outgoing.end(bytes);
    });
  }

  #request(options: RequestOptions) {
    try {
      return httpsRequest(options);
    } catch (error) {
      if (this.#options.ca === undefined) throw error;
      const message = `The certificate authority of ${this.#options.where} cannot be used: give it as PEM text.`;
      throw new Failure('terminal', 'certificate', message, { cause: error });
    }
  }

  #refusal({ statusCode = 0, headers }: IncomingMessage, what: string): Failure | undefined {
    const { where } = this.#options;
    if (statusCode >= 300 && statusCode < 400) {
      return new Failure(
        'terminal',
        'redirected',
        `${where} answered ${what} with a redirect (${statusCode}), which is not followed: give the site's own host name as Host.`,
      );
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return new Failure(
        'transient',
        'content-encoding',
        `${where} sent ${what} compressed, which was not asked for.`,
      );
    }
    return undefined;
  }
}

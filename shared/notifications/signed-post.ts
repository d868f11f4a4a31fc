import { createHmac } from 'node:crypto';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Failure } from '../errors.ts';
import type { WebhookSettings } from '../settings/notifications.ts';
import type { SecretStore } from '../settings/secrets.ts';
import { said } from './said.ts';

export interface SignedMessage {
  /** Who is posted to, for messages: `The webhook`. */
  readonly receiver: string;
  /** The same for the same content. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
  /** Milliseconds, our clock. */
  readonly now: number;
  /** Milliseconds. Default 20,000. */
  readonly timeout?: number;
  /** Of the reply; what follows is not read. Default 4,096. */
  readonly mostBytes?: number;
  /** What is answered may repeat what nobody may read: its words stand in no message. */
  readonly isConfidential?: boolean;
}

/** A receiver that took the message. */
export interface SignedReply {
  readonly status: number;
  readonly text: string;
  /** The answer for people, without secrets, shortened. */
  readonly said: string;
}

/**
 * Posts JSON and gives what the receiver answered. Signed as Standard Webhooks has it: `webhook-signature` is `v1,` and
 * the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`; a secret that begins with `whsec_` is base64,
 * another is taken as it is. Redirects are not followed. Throws `Failure` for any answer but 2xx: transient
 * `webhook-unreachable` or `webhook-deferred`, terminal `webhook-refused`, `webhook-redirect`, `webhook-certificate`,
 * `webhook-url`.
 */
export async function postSigned(
  settings: WebhookSettings,
  secrets: SecretStore,
  message: SignedMessage,
): Promise<SignedReply> {
  const { url: plain, urlSecret, signingSecret, certificateAuthority: ca } = settings;
  const { receiver, id, body, now, timeout = 20_000, mostBytes = 4096, isConfidential } = message;
  const address = plain ?? (await secrets.get(urlSecret ?? ''));
  const url = checkedUrl(address, urlSecret);
  const key = signingSecret === undefined ? undefined : await secrets.get(signingSecret);
  const hidden = [key, ...(urlSecret === undefined ? [] : [address, `${url.pathname}${url.search}`])].filter(
    (secret): secret is string => secret !== undefined && secret.length > 1,
  );
  const where = `${receiver} ${urlSecret === undefined ? url.origin + url.pathname : `at ${url.host}`}`;
  const timestamp = String(Math.floor(now / 1000));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'integration-client',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(key === undefined ? {} : { 'webhook-signature': `v1,${sign(key, `${id}.${timestamp}.${body}`)}` }),
  };
  const { status, words, retryAfter } = await post(url, headers, body, { ca, timeout, mostBytes }).catch(
    (error: unknown) => {
      throw sendFailure(error, where, hidden, timeout);
    },
  );
  const answer = said(isConfidential ? String(status) : `${status} ${words}`, hidden);
  if (status >= 200 && status < 300) return { status, text: words, said: answer };
  if (status >= 300 && status < 400)
    throw new Failure(
      'terminal',
      'webhook-redirect',
      `${where} answered ${status}: it lies elsewhere. Set its new URL.`,
    );
  const again = status === 429 || status === 408 || status >= 500;
  throw new Failure(
    again ? 'transient' : 'terminal',
    again ? 'webhook-deferred' : 'webhook-refused',
    `${where} did not take the message: ${answer}`,
    retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 },
  );
}

export function sign(secret: string, content: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
  return createHmac('sha256', key).update(content).digest('base64');
}

/** Its text may be a secret: nothing of it is said. */
function checkedUrl(text: string, secret: string | undefined): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return url;
  throw new Failure(
    'terminal',
    'webhook-url',
    `The secret "${secret}" is no URL that begins with https://; set it anew.`,
  );
}

interface Reply {
  readonly status: number;
  readonly words: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

interface PostOptions {
  readonly ca: string | undefined;
  readonly timeout: number;
  readonly mostBytes: number;
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  { ca, timeout, mostBytes }: PostOptions,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(timeout) } as const;
    const take = (reply: IncomingMessage) => readReply(reply, mostBytes).then(resolve, reject);
    const request: ClientRequest =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }, take)
        : httpRequest(url, options, take);
    request.on('error', reject);
    request.end(body);
  });
}

async function readReply(reply: IncomingMessage, mostBytes: number): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // What follows is of no interest: leaving the loop ends the connection.
    if (size > mostBytes) break;
  }
  const after = Number(reply.headers['retry-after']);
  return {
    status: reply.statusCode ?? 0,
    words: Buffer.concat(chunks).toString('utf8'),
    ...(Number.isFinite(after) && after > 0 ? { retryAfter: after } : {}),
  };
}

function sendFailure(error: unknown, where: string, hidden: readonly string[], timeout: number): Failure {
  const { name, code = '', message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError')
    return new Failure(
      'transient',
      'webhook-unreachable',
      `${where} did not answer within ${timeout / 1000} seconds.`,
    );
  if (/CERT|SIGNATURE|ALTNAME|SELF_SIGNED|ISSUER/.test(code))
    return new Failure(
      'terminal',
      'webhook-certificate',
      `${where} has a certificate that is not trusted (${code}). Set its certificate authority.`,
    );
  return new Failure(
    'transient',
    'webhook-unreachable',
    `${where} could not be reached: ${said(message, hidden)}.`,
  );
}

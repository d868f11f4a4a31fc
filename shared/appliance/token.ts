import { createHash } from 'node:crypto';
import { Failure } from '../errors.ts';
import { cancelled, throwIfCancelled } from '../retry.ts';
import { jsonError, statusFailure } from './error-reply.ts';
import { formBody, type Transport } from './transport.ts';

interface Token {
  readonly value: string;
  /** By performance.now(). */
  readonly refreshAt: number;
  readonly expiresAt: number;
}

interface Entry {
  token?: Token;
  flight?: Promise<Token>;
}

/**
 * Tokens of this process by account. Shared by all clients of an account: it may have 30 valid tokens, and the 31st
 * silently ends the oldest (API guide).
 */
const entries = new Map<string, Entry>();

export interface TokenSourceOptions {
  readonly transport: Transport;
  /** Host and port. */
  readonly authority: string;
  /** For messages. */
  readonly siteName: string;
  readonly clientId: string;
  readonly secret: () => Promise<string>;
}

/** OAuth client credentials (API guide): one token per account and process, fetched once at a time. */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #key: Promise<string> | undefined;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /** A token that is good for a while yet. Throws terminal `wrong-secret`, and what the transport throws. */
  async get(signal?: AbortSignal): Promise<string> {
    throwIfCancelled(signal);
    const entry = await this.#entry();
    if (entry.token !== undefined && performance.now() < entry.token.refreshAt) return entry.token.value;
    const flight = this.#flight(entry);
    return (await (signal === undefined ? flight : orCancelled(flight, signal))).value;
  }

  /** The appliance refused this token; a newer one that another call has fetched since stays. */
  async invalidate(value: string): Promise<void> {
    const entry = await this.#entry();
    if (entry.token?.value === value) delete entry.token;
    // The secret may have been changed, which ends all tokens: it is read again.
    this.#key = undefined;
  }

  async #entry(): Promise<Entry> {
    this.#key ??= this.#makeKey();
    let key: string;
    try {
      key = await this.#key;
    } catch (error) {
      this.#key = undefined;
      throw error;
    }
    let entry = entries.get(key);
    if (entry === undefined) {
      const now = performance.now();
      for (const [other, { token, flight }] of entries) {
        if (flight === undefined && (token === undefined || token.expiresAt < now)) entries.delete(other);
      }
      entry = {};
      entries.set(key, entry);
    }
    return entry;
  }

  /** The secret is part of it, so that a check of new credentials never passes on an old token. */
  async #makeKey(): Promise<string> {
    const { authority, clientId, secret } = this.#options;
    return createHash('sha256')
      .update(JSON.stringify([authority, clientId, await secret()]))
      .digest('hex');
  }

  #flight(entry: Entry): Promise<Token> {
    entry.flight ??= this.#fetch()
      .then((token) => {
        entry.token = token;
        return token;
      })
      .finally(() => {
        delete entry.flight;
      });
    return entry.flight;
  }

  /** Takes no signal: other calls wait for the same token. */
  async #fetch(): Promise<Token> {
    const { transport, siteName, clientId, secret } = this.#options;
    const { where } = transport;
    const startedAt = performance.now();
    const credentials = Buffer.from(`${clientId}:${await secret()}`, 'utf8').toString('base64');
    const reply = await transport.send({
      what: 'the token request',
      path: '/oauth2/token',
      body: formBody({ grant_type: 'client_credentials' }),
      headers: { Authorization: `Basic ${credentials}`, Accept: 'application/json' },
    });
    if (reply.status !== 200 && reply.status !== 400 && reply.status !== 401 && reply.status !== 403) {
      throw await statusFailure(reply, where, 'the token request');
    }
    const text = (await reply.body.small(64 * 1024)).toString('utf8');
    if (reply.status !== 200 || jsonError(text) !== undefined) throw refused(where, siteName);
    return readToken(text, startedAt, where);
  }
}

function refused(where: string, siteName: string): Failure {
  return new Failure(
    'terminal',
    'wrong-secret',
    `${where} refused the API account: check client id and secret of the site ${siteName}, and that the account is enabled.`,
  );
}

function readToken(text: string, startedAt: number, where: string): Token {
  const bad = (why: string) =>
    new Failure('transient', 'bad-token-reply', `${where} answered the token request with ${why}.`);
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch (error) {
    throw new Failure('transient', 'bad-token-reply', `${where} did not answer the token request in JSON.`, {
      cause: error,
    });
  }
  if (typeof reply !== 'object' || reply === null) throw bad('no object');
  const { access_token: value, token_type: type, expires_in: life } = reply as Record<string, unknown>;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw bad('no token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw bad('a token of another type than bearer');
  // Real replies say 3600 or 1799; one that says nothing is taken for short.
  const seconds = Number(life);
  const ms = (Number.isFinite(seconds) && seconds > 0 ? seconds : 300) * 1000;
  const early = ms > 120_000 ? Math.min(ms * 0.9, ms - 60_000) : ms * 0.5;
  return { value, refreshAt: startedAt + early, expiresAt: startedAt + ms };
}

async function orCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  // When the caller leaves, nobody may be left to hear of the failure.
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

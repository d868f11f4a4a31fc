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

interface Account {
  readonly key: string;
  readonly secret: string;
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
  /** With a value that was refused: another one, if there is one by now. */
  readonly secret: (refused?: string) => Promise<string>;
}

/** OAuth client credentials (API guide): one token per account and process, fetched once at a time. */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #account: Promise<Account> | undefined;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /** A token that is good for a while yet. Throws terminal `wrong-secret`, and what the transport throws. */
  async get(signal?: AbortSignal): Promise<string> {
    throwIfCancelled(signal);
    const account = await this.#readAccount();
    try {
      return await this.#get(account, signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'wrong-secret') throw error;
      // It may have been changed since it was read, and remembered.
      if ((await this.#options.secret(account.secret)) === account.secret) throw error;
      return this.#get(await this.#readAccount(), signal);
    }
  }

  async #get(account: Account, signal: AbortSignal | undefined): Promise<string> {
    const entry = entryOf(account.key);
    if (entry.token !== undefined && performance.now() < entry.token.refreshAt) return entry.token.value;
    const flight = this.#flight(entry, account);
    return (await (signal === undefined ? flight : orCancelled(flight, signal))).value;
  }

  /** The appliance refused this token; a newer one that another call has fetched since stays. */
  async invalidate(value: string): Promise<void> {
    const { key } = await this.#readAccount();
    const entry = entryOf(key);
    if (entry.token?.value === value) delete entry.token;
    // The secret may have been changed, which ends all tokens: it is read again.
    this.#account = undefined;
  }

  async #readAccount(): Promise<Account> {
    const { authority, clientId, secret } = this.#options;
    this.#account ??= secret().then((text) => ({ key: keyOf(authority, clientId, text), secret: text }));
    try {
      return await this.#account;
    } catch (error) {
      this.#account = undefined;
      throw error;
    }
  }

  #flight(entry: Entry, account: Account): Promise<Token> {
    entry.flight ??= this.#fetch(account)
      .then((token) => {
        entry.token = token;
        return token;
      })
      .catch((error: unknown) => {
        // Perhaps there is a new secret by now.
        this.#account = undefined;
        throw error;
      })
      .finally(() => {
        delete entry.flight;
      });
    return entry.flight;
  }

  /** Takes no signal: other calls wait for the same token. */
  async #fetch({ secret }: Account): Promise<Token> {
    const { transport, siteName, clientId } = this.#options;
    const { where } = transport;
    const startedAt = performance.now();
    const credentials = Buffer.from(`${clientId}:${secret}`, 'utf8').toString('base64');
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

/** The secret is part of it, so that a check of new credentials never passes on an old token. */
function keyOf(authority: string, clientId: string, secret: string): string {
  return createHash('sha256')
    .update(JSON.stringify([authority, clientId, secret]))
    .digest('hex');
}

function entryOf(key: string): Entry {
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

import { Failure } from '../errors.ts';
import { saysBadLogin, shownWords } from './error-document.ts';
import { jsonError, statusFailure } from './error-reply.ts';
import type { ReplyBody } from './reply-body.ts';
import type { TokenSource } from './token.ts';
import { formBody, type Parameters, type Reply, type Transport, type TransportRequest } from './transport.ts';

export interface ApiRequest {
  readonly what: string;
  readonly api: 'reporting' | 'command' | 'backup';
  readonly parameters: Parameters;
  /** Parameters in the body where the URL could become long. */
  readonly post?: boolean;
  /** Sent as a JSON body, which only the Backup API takes. */
  readonly json?: Readonly<Record<string, string>>;
  /** Thrown for 404, which otherwise means a missing permission. */
  readonly notFound?: Failure;
  /** Told whether the appliance may have begun to work on the request: not while a token is fetched, nor after a 401. */
  readonly attempt?: { mayBeDone: boolean };
  readonly signal?: AbortSignal | undefined;
}

const MOST_BLANK = 4096;
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/** Sends API requests with the account's credentials. A reply it gives has status 200 and is no refused login. */
export interface ApiCaller {
  call(request: ApiRequest): Promise<Reply>;
  /** Turns the words of an error document that mean a refused login into their Failure. */
  badLogin(words: string): Failure | undefined;
}

/** Appliances since 16.1: bearer tokens; one that is refused is replaced exactly once (API guide). */
export class OAuthCaller implements ApiCaller {
  readonly #transport: Transport;
  readonly #tokens: TokenSource;

  constructor(transport: Transport, tokens: TokenSource) {
    this.#transport = transport;
    this.#tokens = tokens;
  }

  async call(request: ApiRequest): Promise<Reply> {
    const first = await this.#tokens.get(request.signal);
    const reply = await this.#send(request, first);
    if (reply !== undefined) return reply;
    await this.#tokens.invalidate(first);
    const again = await this.#send(request, await this.#tokens.get(request.signal));
    if (again !== undefined) return again;
    throw new Failure(
      'terminal',
      'no-permission',
      `${this.#transport.where} refused ${request.what} with a new token: give the API account the permission for it.`,
    );
  }

  badLogin(): undefined {
    return undefined;
  }

  /** `undefined` = the token was refused. */
  async #send(request: ApiRequest, token: string): Promise<Reply | undefined> {
    const { what, api, parameters, post, json, notFound, attempt, signal } = request;
    const headers = { Authorization: `Bearer ${token}` };
    const place =
      json !== undefined || post !== true ? { query: parameters } : { body: formBody(parameters) };
    const body = json === undefined ? {} : { body: { type: 'application/json', text: JSON.stringify(json) } };
    const sent: TransportRequest = { what, path: `/api/${api}`, headers, signal, ...place, ...body };
    if (attempt !== undefined) attempt.mayBeDone = true;
    const reply = await this.#transport.send(sent);
    if (reply.status === 401) {
      if (attempt !== undefined) attempt.mayBeDone = false;
      reply.body.drop();
      return undefined;
    }
    if (reply.status !== 200) throw await statusFailure(reply, this.#transport.where, what, notFound);
    if ((await firstCharacter(reply.body)) !== '{') return reply;
    return (await this.#isRefusal(reply)) ? undefined : reply;
  }

  /** A refused token may come as JSON with status 200. Anything longer than a refusal is content. */
  async #isRefusal({ body }: Reply): Promise<boolean> {
    const refused = jsonError((await startOf(body, 4096)).toString())?.error === 'access_denied';
    if (refused) body.drop();
    return refused;
  }
}

/** Appliances before 16.1: user name and password with each call, in the body so that no log of URLs has them. */
export class LegacyCaller implements ApiCaller {
  readonly #transport: Transport;
  readonly #siteName: string;
  readonly #username: string;
  readonly #secret: (refused?: string) => Promise<string>;
  #sent: string | undefined;
  #refused: string | undefined;

  constructor(
    transport: Transport,
    siteName: string,
    username: string,
    secret: (refused?: string) => Promise<string>,
  ) {
    this.#transport = transport;
    this.#siteName = siteName;
    this.#username = username;
    this.#secret = secret;
  }

  async call({ what, api, parameters, json, notFound, attempt, signal }: ApiRequest): Promise<Reply> {
    const { where } = this.#transport;
    // One that was refused may have been changed since it was read, and remembered.
    const password = await this.#secret(this.#refused);
    if (password !== this.#refused) this.#refused = undefined;
    this.#sent = password;
    const body = formBody({ ...parameters, ...json, username: this.#username, password });
    if (attempt !== undefined) attempt.mayBeDone = true;
    const reply = await this.#transport.send({ what, path: `/api/${api}.ns`, body, signal });
    if (reply.status === 401) {
      reply.body.drop();
      throw this.#wrongSecret();
    }
    if (reply.status !== 200) throw await statusFailure(reply, where, what, notFound);
    // A refused login is status 200 (observed): an error document, which its reader hands to badLogin, or bare text.
    const first = await firstCharacter(reply.body);
    if (
      (first === 'I' || first === 'L') &&
      saysBadLogin(shownWords((await startOf(reply.body, 200)).toString()))
    ) {
      reply.body.drop();
      throw this.#wrongSecret();
    }
    return reply;
  }

  badLogin(words: string): Failure | undefined {
    return saysBadLogin(words) ? this.#wrongSecret() : undefined;
  }

  #wrongSecret(): Failure {
    this.#refused = this.#sent;
    return new Failure(
      'terminal',
      'wrong-secret',
      `${this.#transport.where} refused the API account: check user name and password of the site ${this.#siteName}.`,
    );
  }
}

/**
 * The first character that is not blank, looking ahead no further than needed. A byte order mark counts as blank.
 * `undefined` = nothing but blanks.
 */
export async function firstCharacter(body: ReplyBody): Promise<string | undefined> {
  let seen = 0;
  for await (const chunk of body.lookAhead()) {
    const byte = chunk.find((each) => !BLANK.has(each));
    if (byte !== undefined) return String.fromCharCode(byte);
    seen += chunk.length;
    if (seen > MOST_BLANK) return undefined;
  }
  return undefined;
}

/** The first bytes, or all there are. */
export async function startOf(body: ReplyBody, bytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.lookAhead()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

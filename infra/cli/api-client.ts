import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { problemIn } from './api-problem.ts';
import { CliError, INTERRUPTED, type Terminal } from './command.ts';
import { findInstance, type Instance, type InstanceOptions } from './instance.ts';

export interface Asking {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON; bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a POST that may be sent again after a lost answer; default: a new one. */
  readonly idempotencyKey?: string;
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 60_000;

/** Connections that were there. */
const cutOff: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function codeOf(error: unknown): string {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** The HTTP API of one instance. All errors are CliError with one line. */
export class ApiClient {
  readonly instance: Instance;
  readonly #interrupted: AbortSignal | undefined;

  constructor(instance: Instance, interrupted?: AbortSignal) {
    this.instance = instance;
    this.#interrupted = interrupted;
  }

  /** @param path below `/api`, with parameters filled in. Throws ApiProblem for every answer that is not 2xx. */
  async ask(method: string, path: string, asking: Asking = {}): Promise<Response> {
    const url = new URL(`${this.instance.address}/api${path}`);
    for (const [name, value] of Object.entries(asking.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const { body } = asking;
    const isRaw = body instanceof Uint8Array;
    const headers: Record<string, string> = {
      accept: 'application/json, */*;q=0.5',
      ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': asking.idempotencyKey ?? randomUUID() } : {}),
      ...asking.headers,
    };
    const init: RequestInit = {
      method,
      redirect: 'manual',
      ...(body === undefined
        ? {}
        : { body: isRaw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
      ...(this.#interrupted === undefined ? {} : { signal: this.#interrupted }),
    };
    for (let attempt = 1; ; attempt++) {
      const response = await this.#send(url, { ...init, headers }, attempt);
      if (response === undefined) continue;
      if (response.ok || response.status === 304) return response;
      const wait = pauseAfter(response, attempt);
      if (wait === undefined) throw await problemIn(response, this.instance);
      await response.body?.cancel();
      await this.#pause(wait);
    }
  }

  async json(method: string, path: string, asking?: Asking): Promise<unknown> {
    return parsed(await this.ask(method, path, asking));
  }

  /** Undefined: to be sent again, since it was cut off and may be done twice. */
  async #send(url: URL, init: RequestInit, attempt: number): Promise<Response | undefined> {
    const token = await this.instance.token();
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    try {
      return await fetch(url, { ...init, headers });
    } catch (error) {
      if (this.#interrupted?.aborted) throw new CliError(INTERRUPTED, 'Interrupted.');
      const isCut = cutOff.has(codeOf(error));
      if (!isCut || init.method === 'POST' || attempt >= ATTEMPTS) throw unreachable(error, this.instance);
    }
    await this.#pause(FIRST_PAUSE_MS * 2 ** attempt);
    return undefined;
  }

  async #pause(ms: number): Promise<void> {
    try {
      await pause(ms, undefined, this.#interrupted ? { signal: this.#interrupted } : {});
    } catch {
      throw new CliError(INTERRUPTED, 'Interrupted.');
    }
  }
}

export function connect(options: InstanceOptions, terminal: Terminal): ApiClient {
  return new ApiClient(findInstance(options, terminal.environment ?? process.env), terminal.interrupted);
}

export async function parsed(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(
      2,
      `${new URL(response.url).origin} answered ${response.status} with something that is not JSON; is it the address of an instance?`,
    );
  }
}

/** Undefined: not to be tried again. What was refused for now was not done. */
function pauseAfter(response: Response, attempt: number): number | undefined {
  if (![429, 503].includes(response.status) || attempt >= ATTEMPTS) return undefined;
  const after = response.headers.get('retry-after');
  if (after === null) return response.status === 429 ? 1000 * 2 ** attempt : undefined;
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  return ms <= LONGEST_PAUSE_MS ? Math.max(0, ms) : undefined;
}

function unreachable(error: unknown, { address, local }: Instance): CliError {
  const cause = (error as Error).cause as Error | undefined;
  const why =
    {
      ECONNREFUSED: 'nothing listens there',
      ENOTFOUND: 'there is no such host',
      EAI_AGAIN: 'the name server does not answer',
      ETIMEDOUT: 'it does not answer',
      UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
      ECONNRESET: 'the connection was cut',
      EPIPE: 'the connection was cut',
      UND_ERR_SOCKET: 'the connection was cut',
    }[codeOf(error)] ?? (cause?.message || (error as Error).message).split('\n', 1)[0];
  const hint = local ? ' Is it still running? npm start starts it.' : '';
  return new CliError(2, `${address} cannot be reached: ${why}.${hint}`, { cause: error });
}

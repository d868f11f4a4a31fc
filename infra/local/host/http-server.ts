import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { RpcInvocationResponse } from './core-types.ts';
import type { HostedFunction } from './function-catalog.ts';
import { BodyTooLarge, readBody, sendRpcResponse, toRpcRequest } from './http-exchange.ts';
import type { HttpRoutes } from './http-routes.ts';
import type { ManagementKey } from './management-key.ts';

export interface ManagementAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ManagementRequest {
  readonly method: string;
  /** The path after the API's root, without a slash at its ends, still encoded. */
  readonly path: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface HttpServerOptions {
  readonly port: number;
  readonly routes: HttpRoutes;
  readonly log: Log;
  readonly managementKey: ManagementKey;
  invoke(
    hosted: HostedFunction,
    http: NonNullable<RpcInvocationResponse['returnValue']>,
  ): Promise<RpcInvocationResponse>;
  manage(request: ManagementRequest): ManagementAnswer | Promise<ManagementAnswer>;
}

/** Azure's load balancer gives up on a reply after 230 s. */
const replyLimitMs = 230_000;

/** HTTP on 127.0.0.1 only. */
export class HttpServer {
  readonly #server: Server;
  readonly #options: HttpServerOptions;
  #hosts: ReadonlySet<string> = new Set();
  #isClosing = false;
  port = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!request.complete && request.destroyed)
          return options.log.debug('A client hung up in the midst of its request');
        options.log.error('HTTP exchange failed', { error: describe(error) });
        if (response.headersSent) response.destroy();
        else sendText(response, 500, 'The host failed; its log says why.');
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', ({ code }: NodeJS.ErrnoException) => {
        const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code})`;
        const message = `The port ${this.#options.port} of 127.0.0.1 ${why}; take another one, or 0 for any.`;
        reject(new Failure('terminal', 'cannot-listen', message));
      });
      this.#server.listen(this.#options.port, '127.0.0.1', resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
    const names = ['localhost', '127.0.0.1', '[::1]'];
    this.#hosts = new Set(
      names.flatMap((name) => [`${name}:${this.port}`, ...(this.port === 80 ? [name] : [])]),
    );
  }

  /** Functions are called no more; the management API still answers those that are running. */
  refuseFunctions(): void {
    this.#isClosing = true;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
  }

  /** Cuts the connections that are still open. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host?.toLowerCase() ?? '';
    // A page of another site that had its name point at this machine would come with its own name.
    if (!this.#hosts.has(host)) return sendText(response, 403, 'This host answers to localhost only.');
    // A page of another site could send a request without being able to read the answer: browsers say where they are.
    const { origin, 'sec-fetch-site': from } = request.headers;
    const foreign = origin !== undefined && origin.toLowerCase() !== `http://${host}`;
    if (foreign || from === 'cross-site' || from === 'same-site')
      return sendText(response, 403, 'Web pages of other sites may not use this host.');
    const url = URL.parse(`http://${host}${request.url ?? '/'}`);
    if (url === null) return sendText(response, 400, 'The request target is not valid.');
    let body: Buffer;
    try {
      body = await readBody(request);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error;
      response.setHeader('connection', 'close');
      return sendText(response, 413, 'The request body is larger than 100 MB.');
    }
    const management = this.#options.managementKey.read(url);
    if (management?.allowed) return this.#manage(request, response, url, management.path, body);
    if (management) return sendText(response, 401, 'The management API is for who has its key.');
    return this.#invoke(request, response, url, body);
  }

  async #invoke(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): Promise<void> {
    if (this.#isClosing) return sendText(response, 503, 'The host is closing.');
    const match = this.#options.routes.match(request.method ?? 'GET', url.pathname);
    if (match === undefined) return sendText(response, 404, 'No function answers this method and path.');
    const name = match.function.name;
    const cutOff = setTimeout(() => {
      this.#options.log.error('reply cut off after 230 s, as Azure does', { function: name });
      sendText(response, 502, 'The function took longer than 230 seconds to answer.');
    }, replyLimitMs);
    try {
      const http = toRpcRequest(request, url, match.params, body);
      const result = await this.#options.invoke(match.function, { http });
      if (!response.headersSent) sendRpcResponse(response, result, request.method === 'HEAD');
    } catch (error) {
      this.#options.log.error('function failed', { function: name, error: describe(error) });
      // As in Azure: no body, so that nothing of the error reaches the caller.
      if (!response.headersSent) response.writeHead(500, { 'content-length': 0 }).end();
    } finally {
      clearTimeout(cutOff);
    }
  }

  async #manage(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    path: string,
    body: Buffer,
  ): Promise<void> {
    // Azure guards this API with a key. Here no page of another origin may use it: browsers say where they are.
    const site = request.headers['sec-fetch-site'];
    if (
      request.headers.origin !== undefined ||
      (site !== undefined && site !== 'none' && site !== 'same-origin')
    ) {
      return sendText(response, 403, 'The management API is not for web pages.');
    }
    const answer = await this.#options.manage({
      method: request.method ?? 'GET',
      path: path.replace(/^\/+|\/+$/g, ''),
      url,
      headers: request.headers,
      body: body.toString('utf8'),
    });
    const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
    response
      .writeHead(answer.status, {
        ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
        'content-length': Buffer.byteLength(text),
        ...answer.headers,
      })
      .end(text);
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

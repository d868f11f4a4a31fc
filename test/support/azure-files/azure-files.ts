import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Fault, takeFault } from './faults.ts';
import { account, type FileRequest, type Operation, parseRequest } from './file-request.ts';
import { type Habits, perform, usual } from './perform.ts';
import { escapeXml, ServiceError } from './service-error.ts';
import { ShareTree } from './share-tree.ts';

export interface AzureFilesOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** The one token that is taken; without it no bearer token is. */
  readonly token?: string;
}

/**
 * The part of Azure Files' REST interface that a client of files needs, in memory, as its documentation describes it
 * (service version 2021-06-08 and later, shares that SMB serves). Shared-key signatures must be there and are not
 * verified. What it does not do it refuses with 501.
 */
export class AzureFiles {
  readonly log: { readonly operation: Operation; readonly path: string; readonly bytes: number }[] = [];
  readonly faults: Fault[] = [];
  /** Called before a request is done. */
  meanwhile: ((request: FileRequest) => Promise<void> | void) | undefined;
  habits: Habits = usual;
  readonly #shares = new Map<string, ShareTree>();
  readonly #server: Server;
  readonly #options: AzureFilesOptions;

  constructor(options: AzureFilesOptions = {}) {
    this.#options = options;
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response);
    this.#server =
      options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The client takes the first part of the path on such a host for the account's name. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    const origin = this.#options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
    return `${origin}/${account}`;
  }

  get connectionString(): string {
    const key = Buffer.from('any key does').toString('base64');
    return `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};FileEndpoint=${this.url};`;
  }

  now(): Date {
    return new Date(Date.now() + this.habits.clockOffset);
  }

  /** Forgets requests, orders to fail and habits; shares stay. */
  reset(): void {
    this.log.length = 0;
    this.faults.length = 0;
    this.meanwhile = undefined;
    this.habits = usual;
  }

  makeShare(name: string): ShareTree {
    const tree = new ShareTree(() => this.now());
    this.#shares.set(name, tree);
    return tree;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomUUID();
    const common = {
      'x-ms-request-id': id,
      'x-ms-version': request.headers['x-ms-version'] ?? '',
      date: this.now().toUTCString(),
    };
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.#checkAccess(request);
      const parsed = parseRequest(request, Buffer.concat(chunks));
      const { operation, path, body } = parsed;
      this.log.push({ operation, path: path.join('/'), bytes: body.byteLength });
      await this.meanwhile?.(parsed);
      if (takeFault(this.faults, operation, 'before')) return void request.socket.destroy();
      const tree = this.#shares.get(parsed.share);
      if (tree === undefined) throw new ServiceError(404, 'ShareNotFound');
      const reply = perform(tree, parsed, this.habits);
      if (takeFault(this.faults, operation, 'after')) return void request.socket.destroy();
      const length = reply.body === undefined ? '0' : String(Buffer.byteLength(reply.body));
      response.writeHead(reply.status, { 'content-length': length, ...common, ...reply.headers });
      response.end(request.method === 'HEAD' ? undefined : reply.body);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      const { status, code, message } =
        error instanceof ServiceError
          ? error
          : { status: 500, code: 'StandInBroken', message: String(error) };
      const told = escapeXml(`${message}\nRequestId:${id}\nTime:${this.now().toISOString()}`);
      const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${escapeXml(code)}</Code><Message>${told}</Message></Error>`;
      response.writeHead(status, {
        ...common,
        'x-ms-error-code': code,
        'content-type': 'application/xml',
        'content-length': request.method === 'HEAD' ? '0' : String(Buffer.byteLength(body)),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    }
  }

  #checkAccess({ headers }: IncomingMessage): void {
    if (headers['x-ms-version'] === undefined) throw new ServiceError(400, 'MissingRequiredHeader');
    const { authorization = '' } = headers;
    if (authorization.startsWith('Bearer ')) {
      if (authorization !== `Bearer ${this.#options.token}`)
        throw new ServiceError(401, 'InvalidAuthenticationInfo');
      if (headers['x-ms-file-request-intent'] !== 'backup')
        throw new ServiceError(400, 'MissingRequiredHeader');
      return;
    }
    if (headers['x-ms-date'] === undefined) throw new ServiceError(400, 'MissingRequiredHeader');
    if (authorization === '') throw new ServiceError(401, 'NoAuthenticationInformation');
    if (!/^SharedKey account:[A-Za-z0-9+/]{43}=$/.test(authorization)) {
      throw new ServiceError(403, 'AuthenticationFailed');
    }
  }
}

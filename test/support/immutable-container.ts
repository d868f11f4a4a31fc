import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Azurite } from './azurite.ts';

/**
 * Stands before Azurite and does what Azure Blob does for a container with a locked immutability policy, which Azurite
 * does not know: a blob can be made, and from then on neither written nor removed (409, `BlobImmutableDueToPolicy`).
 */
export class ImmutableContainer {
  /** Whether the container's properties say that it has a policy; some identities are not told. */
  tells = true;
  /** Refusals so far: method and path. */
  readonly refused: string[] = [];
  /** Whether index tags are taken; an identity may lack the right, and some accounts have none. */
  takesTags = true;
  readonly #committed = new Set<string>();
  readonly #target: URL;
  readonly #server = createServer((incoming, outgoing) => this.#answer(incoming, outgoing));
  connectionString = '';

  private constructor(azurite: Azurite) {
    this.#target = new URL(azurite.blobUrl);
  }

  static async start(azurite: Azurite): Promise<ImmutableContainer> {
    const container = new ImmutableContainer(azurite);
    container.#server.listen(0, '127.0.0.1');
    await once(container.#server, 'listening');
    const { port } = container.#server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}${container.#target.pathname}`;
    container.connectionString = azurite.connectionString.replace(
      /BlobEndpoint=[^;]*/,
      `BlobEndpoint=${url}`,
    );
    return container;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', this.#target);
    const method = incoming.method ?? 'GET';
    const writes = method === 'DELETE' || (method === 'PUT' && searchParams.get('comp') !== null);
    if (writes && this.#committed.has(pathname)) {
      this.refused.push(`${method} ${searchParams.get('comp') ?? ''}`);
      incoming.resume();
      incoming.on('end', () => refuse(outgoing, 409, 'BlobImmutableDueToPolicy'));
      return;
    }
    if (!this.takesTags && incoming.headers['x-ms-tags'] !== undefined) {
      this.refused.push('tags');
      incoming.resume();
      incoming.on('end', () => refuse(outgoing, 403, 'AuthorizationPermissionMismatch'));
      return;
    }
    const { hostname, port } = this.#target;
    const passed = request(
      { hostname, port, method, path: incoming.url, headers: incoming.headers },
      (reply) => {
        if (reply.statusCode === 201 && searchParams.get('comp') === 'blocklist')
          this.#committed.add(pathname);
        const policy = searchParams.get('restype') === 'container' && this.tells;
        const headers = policy ? { ...reply.headers, 'x-ms-has-immutability-policy': 'true' } : reply.headers;
        outgoing.writeHead(reply.statusCode ?? 500, headers);
        reply.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }
}

function refuse(outgoing: ServerResponse, status: number, code: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code });
  outgoing.end(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>This request is not permitted.</Message></Error>`,
  );
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What becomes of a request. In none of these is the connection ever closed. */
export interface Silence {
  /** `METHOD /path?query` that fits. */
  readonly of: RegExp;
  /**
   * `before`: it is taken and does not arrive; `after`: it is done and its answer is lost; `half`: the answer stops in the
   * middle of its body; `half-gzip`: of its packed body.
   */
  readonly when: 'before' | 'after' | 'half' | 'half-gzip';
  /** How often; default for ever. */
  readonly times?: number;
}

/** A line to a service on which answers stay away, as on a connection that a firewall has forgotten. */
export interface SilentLine {
  readonly origin: string;
  readonly silences: Silence[];
  /** Requests that fell silent. */
  readonly silenced: string[];
  close(): Promise<void>;
}

/** @param service origin of the service behind the line, such as `http://127.0.0.1:10000` */
export async function silentLine(service: string): Promise<SilentLine> {
  const silences: Silence[] = [];
  const silenced: string[] = [];

  function takeSilence(said: string): Silence['when'] | undefined {
    const at = silences.findIndex(({ of }) => of.test(said));
    const silence = silences[at];
    if (silence === undefined) return undefined;
    const { times = Number.POSITIVE_INFINITY } = silence;
    silences.splice(at, 1, ...(times > 1 ? [{ ...silence, times: times - 1 }] : []));
    silenced.push(said);
    return silence.when;
  }

  async function pass(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const body = await bytesOf(incoming);
    const when = takeSilence(`${method} ${url}`);
    if (when === 'before') return;
    const outgoing = request(`${service}${url}`, { method, headers, agent: false });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const content = await bytesOf(answer);
    if (when === 'after') return;
    const { 'transfer-encoding': _, ...headersOfAll } = answer.headers;
    const isPacked = when === 'half-gzip';
    const sent = isPacked ? gzipSync(content) : content;
    reply.writeHead(answer.statusCode ?? 500, {
      ...headersOfAll,
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
      ...(method === 'HEAD' ? {} : { 'content-length': sent.byteLength }),
    });
    if (when === undefined) reply.end(sent);
    else reply.write(sent.subarray(0, sent.byteLength / 2));
  }

  const server = createServer((incoming, reply) => {
    // Who gave up cuts the connection; there is nobody to tell.
    pass(incoming, reply).catch(() => reply.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silences,
    silenced,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await message.toArray());
}

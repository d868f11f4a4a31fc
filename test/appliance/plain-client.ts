import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { ApiAccount, SimulatedAppliance } from './simulated-appliance.ts';

/** A client without any cleverness, for the appliance's own tests: what it sees is what was sent. */

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly token?: string;
  /** Which address to go to; `localhost` by default. */
  readonly host?: string;
  /** The name the certificate is checked against. */
  readonly servername?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Sends a request on a connection of its own and gives the reply's head; the body is the caller's. */
export function open(appliance: SimulatedAppliance, path: string, ask: Ask = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: ask.host ?? 'localhost',
        servername: ask.servername ?? 'localhost',
        port: appliance.port,
        ca: appliance.caPem,
        path,
        method: ask.method ?? 'GET',
        agent: false,
        headers: { ...(ask.token ? { Authorization: `Bearer ${ask.token}` } : {}), ...ask.headers },
      },
      resolve,
    );
    sent.on('error', reject);
    sent.end(ask.body);
  });
}

/** @throws when the connection is lost or the message is cut short in a way HTTP can see */
export async function ask(appliance: SimulatedAppliance, path: string, how: Ask = {}): Promise<Answer> {
  const message = await open(appliance, path, how);
  const pieces: Buffer[] = [];
  for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  return { status: message.statusCode ?? 0, headers: message.headers, body, text: body.toString() };
}

export const formType = { 'Content-Type': 'application/x-www-form-urlencoded' };

export function askForToken(appliance: SimulatedAppliance, account: Pick<ApiAccount, 'id' | 'secret'>) {
  const basic = Buffer.from(`${account.id}:${account.secret}`).toString('base64');
  return ask(appliance, '/oauth2/token', {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}`, ...formType },
    body: 'grant_type=client_credentials',
  });
}

export async function takeToken(
  appliance: SimulatedAppliance,
  account = appliance.accounts[0],
): Promise<string> {
  if (!account) throw new Error('the appliance has no account');
  const { access_token } = JSON.parse((await askForToken(appliance, account)).text) as {
    access_token: string;
  };
  return access_token;
}

export function report(appliance: SimulatedAppliance, token: string, query: string): Promise<Answer> {
  return ask(appliance, `/api/reporting?generate_report=${query}`, { token });
}

/** Everything that comes over the wire for one GET, and how it ended. */
export function rawGet(
  appliance: SimulatedAppliance,
  path: string,
  token: string,
): Promise<{ readonly text: string; readonly bytes: Buffer; readonly error: string | undefined }> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect(
      { host: '127.0.0.1', servername: 'localhost', port: appliance.port, ca: appliance.caPem },
      () => {
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
        );
      },
    );
    const pieces: Buffer[] = [];
    let error: string | undefined;
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code;
    });
    socket.on('close', () => {
      const bytes = Buffer.concat(pieces);
      resolve({ text: bytes.toString('latin1'), bytes, error });
    });
  });
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

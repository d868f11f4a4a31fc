import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { type EntraOptions, entraAccess } from '../../shared/access/entra-access.ts';

export const tenantId = '11111111-1111-4111-8111-111111111111';
export const applicationId = '22222222-2222-4222-8222-222222222222';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export async function signingKey(kid: string): Promise<SigningKey> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) };
}

/** The keys of a tenant, served on loopback. */
export interface KeyServer {
  readonly url: URL;
  /** Served from now on. */
  keys: readonly SigningKey[];
  /** In place of the keys. */
  answer: { readonly status: number; readonly body: string } | undefined;
  /** How often it was asked. */
  readonly asked: number;
  close(): Promise<void>;
}

export async function startKeyServer(...first: SigningKey[]): Promise<KeyServer> {
  const made = { keys: first as readonly SigningKey[], answer: undefined as KeyServer['answer'], asked: 0 };
  const server = createServer(async (_, response) => {
    made.asked++;
    const jwks = await Promise.all(
      made.keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, use: 'sig' })),
    );
    const { status, body } = made.answer ?? { status: 200, body: JSON.stringify({ keys: jwks }) };
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(made, {
    url: new URL(`http://127.0.0.1:${port}/${tenantId}/discovery/v2.0/keys`),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Claims of an access token as Entra ID issues it at `now` (milliseconds) for the application's API. */
export function claimsAt(now: number, more: Record<string, unknown> = {}): JWTPayload {
  const seconds = Math.floor(now / 1000);
  return {
    aud: applicationId,
    iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
    iat: seconds,
    nbf: seconds,
    exp: seconds + 3600,
    azp: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    name: 'Ada Lovelace',
    oid: '33333333-3333-4333-8333-333333333333',
    preferred_username: 'ada@example.com',
    roles: ['Reader'],
    scp: 'access',
    sub: 'pairwise',
    tid: tenantId,
    ver: '2.0',
    ...more,
  } as JWTPayload;
}

export function signed(
  { kid, privateKey }: SigningKey,
  claims: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header })
    .sign(privateKey);
}

/** A tenant with one key, served while the tests of a file run. */
export async function startTenant() {
  const key = await signingKey('one');
  const server = await startKeyServer(key);
  after(() => server.close());
  const access = (more: Partial<EntraOptions> = {}) =>
    entraAccess({ tenantId, applicationId, keysAt: server.url, ...more });
  return { key, server, access };
}

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TokenCredential } from '@azure/identity';
import type { SecretClientOptions } from '@azure/keyvault-secrets';
import { makeAuthority, makeServerCertificate } from '../appliance/certificate.ts';

/** Attributes as the REST interface has them: seconds since 1970. */
interface Version {
  readonly id: string;
  readonly value: string;
  enabled: boolean;
  exp?: number;
  nbf?: number;
  readonly created: number;
}

/** A fault takes the place of the answer to the next request that has a good token. */
export type VaultFault = 'throttled' | 'server-error' | 'firewall' | 'forbidden' | 'cut-off' | 'silent';

/** The secrets part of Key Vault's REST interface on loopback, over TLS, under a vault's own name. */
export interface KeyVault {
  readonly url: string;
  readonly credential: TokenCredential;
  /** How the name is found, and whom to trust. */
  readonly client: SecretClientOptions;
  readonly requests: { readonly method: string; readonly path: string; readonly authorized: boolean }[];
  /** Tokens that were asked for: their scopes and tenants. */
  readonly asked: { readonly scope: string; readonly tenant: string | undefined }[];
  readonly faults: VaultFault[];
  /** What the challenge names; the vault's own domain at first. */
  challengeResource: string;
  /** What the identity may do. */
  readonly rights: Set<'get' | 'set'>;
  set(name: string, value: string, attributes?: Partial<Pick<Version, 'enabled' | 'exp' | 'nbf'>>): string;
  change(name: string, attributes: Partial<Pick<Version, 'enabled' | 'exp' | 'nbf'>>): void;
  /** Tokens given out until now are good for nothing. */
  revokeTokens(): void;
  close(): Promise<void>;
}

const tenant = '72f988bf-0000-0000-0000-2d7cd011db47';
const name = 'integration-test.vault.azure.net';

export async function startKeyVault(): Promise<KeyVault> {
  const authority = await makeAuthority();
  const certificate = await makeServerCertificate(authority, name);
  const secrets = new Map<string, Version[]>();
  const tokens = new Set<string>();
  const revoked = new Set<string>();
  const requests: KeyVault['requests'] = [];
  const asked: KeyVault['asked'] = [];
  const faults: VaultFault[] = [];
  const rights = new Set<'get' | 'set'>(['get']);

  const server = createServer(
    { key: certificate.keyPem, cert: certificate.certificatePem },
    (request, reply) => {
      answer(request, reply).catch((error: unknown) => {
        reply.destroy(error as Error);
      });
    },
  );

  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<ServerResponse> {
    const url = new URL(request.url ?? '/', `https://${name}`);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const authorized = token !== undefined && tokens.has(token);
    requests.push({ method: request.method ?? '', path: url.pathname, authorized });
    const body = await bodyOf(request);
    if (token !== undefined && revoked.has(token)) {
      // Continuous access evaluation: the token is good in itself, but has been taken back.
      const claims = Buffer.from('{"access_token":{"nbf":{"essential":true}}}').toString('base64');
      reply.setHeader(
        'WWW-Authenticate',
        `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${claims}"`,
      );
      return problem(reply, 401, 'Unauthorized', 'AKV10147: Token has been revoked.');
    }
    if (!authorized) {
      const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenant}", resource="${vault.challengeResource}"`;
      reply.setHeader('WWW-Authenticate', challenge);
      return problem(reply, 401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.');
    }
    if (!/^\d{4}-\d\d-\d\d(-preview[.\d]*)?$|^7\.\d$/.test(url.searchParams.get('api-version') ?? ''))
      return problem(reply, 400, 'BadParameter', 'api-version must be specified');
    const fault = faults.shift();
    if (fault) return fail(reply, fault);
    const [root, secret = '', version] = url.pathname.split('/').slice(1);
    if (root !== 'secrets') return problem(reply, 404, 'NotFound', 'There is nothing here.');
    if (request.method === 'PUT') return put(reply, secret, body);
    if (request.method !== 'GET') return problem(reply, 405, 'MethodNotAllowed', 'Not here.');
    if (!rights.has('get'))
      return problem(
        reply,
        403,
        'Forbidden',
        'Caller is not authorized to perform action on resource.',
        'ForbiddenByRbac',
      );
    const versions = secrets.get(secret.toLowerCase());
    if (version === 'versions') return list(reply, secret, versions ?? [], url);
    const found = version ? versions?.find(({ id }) => id === version) : versions?.at(-1);
    if (!found)
      return problem(
        reply,
        404,
        'SecretNotFound',
        `A secret with (name/id) ${secret} was not found in this key vault.`,
      );
    if (!found.enabled)
      return problem(
        reply,
        403,
        'Forbidden',
        'Operation get is not allowed on a disabled secret.',
        'SecretDisabled',
      );
    return send(reply, 200, { value: found.value, ...shown(secret, found) });
  }

  function put(reply: ServerResponse, secret: string, body: string): ServerResponse {
    if (!rights.has('set'))
      return problem(
        reply,
        403,
        'Forbidden',
        'Caller is not authorized to perform action on resource.',
        'ForbiddenByRbac',
      );
    const { value } = JSON.parse(body) as { value?: unknown };
    if (!/^[0-9a-zA-Z-]{1,127}$/.test(secret) || typeof value !== 'string' || value.length > 25_600)
      return problem(
        reply,
        400,
        'BadParameter',
        'The request URI contains an invalid name, or the value is too long.',
      );
    vault.set(secret, value);
    const added = secrets.get(secret.toLowerCase())?.at(-1) as Version;
    return send(reply, 200, { value, ...shown(secret, added) });
  }

  function list(
    reply: ServerResponse,
    secret: string,
    versions: readonly Version[],
    url: URL,
  ): ServerResponse {
    const page = Number(url.searchParams.get('maxresults') ?? 25);
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + page));
    return send(reply, 200, {
      value: versions.slice(from, from + page).map((version) => shown(secret, version)),
      nextLink: from + page < versions.length ? `${vault.url}${next.pathname}${next.search}` : null,
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({
    ca: authority.certificatePem,
    lookup: (_host, options, done) =>
      options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  });

  const vault: KeyVault = {
    url: `https://${name}:${port}`,
    credential: {
      async getToken(scopes, options) {
        asked.push({ scope: [scopes].flat().join(' '), tenant: options?.tenantId });
        const token = `vault-token-${randomBytes(12).toString('hex')}`;
        tokens.add(token);
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    },
    client: {
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [
        {
          position: 'perCall',
          policy: {
            name: 'loopback',
            sendRequest(request, next) {
              request.agent = agent;
              return next(request);
            },
          },
        },
      ],
    },
    requests,
    asked,
    faults,
    rights,
    challengeResource: 'https://vault.azure.net',
    set(secret, value, attributes = {}) {
      const versions = secrets.get(secret.toLowerCase()) ?? [];
      const id = createHash('md5').update(`${secret} ${versions.length} ${value}`).digest('hex');
      versions.push({ id, value, enabled: true, created: Math.floor(Date.now() / 1000), ...attributes });
      secrets.set(secret.toLowerCase(), versions);
      return id;
    },
    change(secret, attributes) {
      Object.assign(secrets.get(secret.toLowerCase())?.at(-1) ?? {}, attributes);
    },
    revokeTokens() {
      for (const token of tokens) revoked.add(token);
      tokens.clear();
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function shown(secret: string, { id, enabled, exp, nbf, created }: Version): object {
    return {
      id: `${vault.url}/secrets/${secret}/${id}`,
      attributes: { enabled, exp, nbf, created, updated: created, recoveryLevel: 'Recoverable+Purgeable' },
    };
  }

  return vault;
}

function fail(reply: ServerResponse, fault: VaultFault): ServerResponse {
  if (fault === 'silent') return reply;
  if (fault === 'cut-off') {
    return reply.destroy();
  }
  if (fault === 'throttled') {
    reply.setHeader('Retry-After', '7');
    return problem(
      reply,
      429,
      'Throttled',
      'Request was not processed because too many requests were received.',
    );
  }
  if (fault === 'server-error') return problem(reply, 500, 'InternalServerError', 'An error occurred.');
  if (fault === 'firewall')
    return problem(
      reply,
      403,
      'Forbidden',
      'Client address is not authorized and caller is not a trusted service.',
      'ForbiddenByFirewall',
    );
  return problem(
    reply,
    403,
    'Forbidden',
    'Caller is not authorized to perform action on resource.',
    'ForbiddenByRbac',
  );
}

function problem(
  reply: ServerResponse,
  status: number,
  code: string,
  message: string,
  inner?: string,
): ServerResponse {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return send(reply, status, { error: { code, message, ...innererror } });
}

function send(reply: ServerResponse, status: number, body: object): ServerResponse {
  reply.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ms-keyvault-region': 'loopback',
  });
  return reply.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

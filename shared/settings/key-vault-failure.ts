import { Failure } from '../errors.ts';

/** What the library throws, as far as it is read here: `RestError` of its pipeline and the errors of the identity. */
interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  readonly details?: { readonly error?: { readonly innerError?: { readonly code?: string } } };
}

/**
 * One clear line. What was thrown is not kept as the cause: it holds the request, with the token, and with the value
 * where one was to be set.
 */
export function keyVaultFailure(error: unknown, what: string, doing: 'read' | 'set'): Failure {
  if (error instanceof Failure) return error;
  const thrown = error as Thrown;
  const { statusCode } = thrown;
  const inner = thrown.details?.error?.innerError?.code ?? '';
  const terminal = (code: string, line: string) => new Failure('terminal', code, `${what} ${line}`);
  if (statusCode === 404) return terminal('secret-missing', 'is not there.');
  if (statusCode === 403 && inner === 'SecretDisabled')
    return terminal('secret-disabled', 'is disabled: enable it, or set a new version.');
  if (statusCode === 403 && /Firewall|Network|Connection|TrustedService/i.test(inner))
    return terminal(
      'key-vault-forbidden',
      `could not be ${doing}: the vault's firewall refuses this network (${inner}). Give the app a private endpoint or allow its network.`,
    );
  if (statusCode === 403)
    return terminal(
      'key-vault-forbidden',
      `may not be ${doing} by this identity: give it the role ${doing === 'read' ? 'Key Vault Secrets User' : 'Key Vault Secrets Officer'} on the vault.`,
    );
  if (statusCode === 401)
    return terminal('key-vault-identity', `could not be ${doing}: the vault refused the identity's token.`);
  if (statusCode === 400)
    return terminal('bad-secret', `could not be ${doing}: the vault does not take that name or value.`);
  if (statusCode === 409)
    return terminal('secret-deleted', 'is deleted but can be recovered: recover or purge it first.');
  if (statusCode === 429) {
    const after = Number(thrown.response?.headers?.get('retry-after'));
    const options = Number.isFinite(after) && after > 0 ? { retryAfterMs: after * 1000 } : {};
    const line = `${what} could not be ${doing}: the vault is throttling (429). It is tried again later.`;
    return new Failure('transient', 'key-vault-throttled', line, options);
  }
  if (statusCode !== undefined && statusCode >= 500)
    return new Failure(
      'transient',
      'key-vault-error',
      `${what} could not be ${doing}: the vault answered ${statusCode}. It is tried again later.`,
    );
  if (/^(CredentialUnavailable|Authentication|AggregateAuthentication)/.test(thrown.name ?? ''))
    return terminal(
      'key-vault-identity',
      `could not be ${doing}: there is no identity to ask with. Check the managed identity and AZURE_CLIENT_ID.`,
    );
  if (/challenge resource|invalid scope/.test(thrown.message ?? ''))
    return terminal(
      'key-vault-address',
      `could not be ${doing}: what answered is no Key Vault of that address (its challenge names another resource). No token was sent.`,
    );
  const code = typeof thrown.code === 'string' && /^[A-Z0-9_]+$/.test(thrown.code) ? ` (${thrown.code})` : '';
  return new Failure(
    'transient',
    'key-vault-unreachable',
    `${what} could not be ${doing}: the vault cannot be reached${code}. Check its address, the name service and the network.`,
  );
}

import type { TokenCredential } from '@azure/identity';
import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import { Failure } from '../errors.ts';
import { type AzureLimits, limitTries, smallRequestLimits } from '../state/azure-limits.ts';
import { keyVaultFailure } from './key-vault-failure.ts';
import { missing, type SecretStore } from './secret-store.ts';

export interface KeyVaultOptions {
  /** `https://NAME.vault.azure.net`, or its counterpart in another cloud. */
  readonly url: string;
  readonly credential: TokenCredential;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** For tests: how the vault is reached. */
  readonly client?: SecretClientOptions;
  /** Default: `smallRequestLimits`. */
  readonly limits?: AzureLimits;
}

/** A changed secret is used after this long at the latest, or at once where the old one was refused. Milliseconds. */
const FRESH = 5 * 60_000;
/** While the vault cannot be reached, a value this old still serves. Milliseconds. */
const STALE = 60 * 60_000;
/** Neither a wrong secret nor a vault that is away is to wear out the vault's limits. Milliseconds. */
const BETWEEN_READS = 5_000;

interface Known {
  readonly value: string;
  readonly readAt: number;
  /** Asked for last, with or without success. */
  readonly triedAt: number;
}

/**
 * Secrets of one Key Vault, read with the identity's role Key Vault Secrets User. Setting one takes Key Vault Secrets
 * Officer. The library checks that the vault's challenge is for the vault's own domain before it sends a token.
 */
export function keyVaultSecrets({
  url,
  credential,
  client: options = {},
  limits = smallRequestLimits,
  now = () => performance.now(),
}: KeyVaultOptions): SecretStore {
  const client = openClient(url, credential, options, limits);
  const where = `the Key Vault ${new URL(url).host}`;
  const known = new Map<string, Known>();
  const flights = new Map<string, Promise<string>>();

  async function read(name: string): Promise<string> {
    const [bare = '', version] = name.split('/');
    try {
      const { value, properties } = await client.getSecret(bare, version === undefined ? {} : { version });
      checkTime(name, where, properties);
      if (!value) throw missing(name, where);
      known.set(name, { value, readAt: now(), triedAt: now() });
      return value;
    } catch (error) {
      const failure = keyVaultFailure(error, `The secret "${name}" in ${where}`, 'read');
      const last = known.get(name);
      if (failure.kind === 'transient' && last && now() - last.readAt < STALE) {
        known.set(name, { ...last, triedAt: now() });
        return last.value;
      }
      known.delete(name);
      throw failure.code === 'secret-missing' ? missing(name, where) : failure;
    }
  }

  return {
    async get(name, refused) {
      const last = known.get(name);
      const isFresh = last && last.value !== refused && now() - last.readAt < FRESH;
      if (last && (isFresh || now() - last.triedAt < BETWEEN_READS)) return last.value;
      const flight = flights.get(name) ?? read(name).finally(() => flights.delete(name));
      flights.set(name, flight);
      return flight;
    },
    async set(name, value) {
      if (name.includes('/'))
        throw new Failure('terminal', 'bad-request', 'Set a secret by its name alone: versions are made.');
      try {
        await client.setSecret(name, value);
      } catch (error) {
        throw keyVaultFailure(error, `The secret "${name}" in ${where}`, 'set');
      }
      known.delete(name);
    },
  };
}

function openClient(
  url: string,
  credential: TokenCredential,
  options: SecretClientOptions,
  limits: AzureLimits,
): SecretClient {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw new Failure(
      'terminal',
      'bad-setting',
      'The address of the Key Vault is not one that begins with https://.',
    );
  return new SecretClient(url, credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 },
    ...options,
    additionalPolicies: [
      ...(options.additionalPolicies ?? []),
      { position: 'perRetry', policy: limitTries(limits) },
    ],
  });
}

/** The vault gives out what has expired (its documentation leaves that to the reader); an owner who sets a time means it. */
function checkTime(
  name: string,
  where: string,
  { expiresOn, notBefore }: { expiresOn?: Date; notBefore?: Date },
) {
  if (expiresOn && expiresOn.getTime() <= Date.now())
    throw new Failure(
      'terminal',
      'secret-expired',
      `The secret "${name}" in ${where} expired at ${expiresOn.toISOString()}: set a new version.`,
    );
  if (notBefore && notBefore.getTime() > Date.now())
    throw new Failure(
      'terminal',
      'secret-not-yet-valid',
      `The secret "${name}" in ${where} is valid from ${notBefore.toISOString()}: change its activation date, or wait.`,
    );
}

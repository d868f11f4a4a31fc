import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Failure } from '../errors.ts';
import { hasSecret, type SecretStore } from '../settings/secrets.ts';
import type { StateStore } from '../state/state-store.ts';

/** The secret that seals what is given for one load. Made when it is needed first, where secrets can be set. */
export const IMPORT_KEY = 'import-key';

const LEAST_KEY = 16;
const CIPHER = 'aes-256-gcm';
const AT = ['imports', 'credentials'] as const;

/** Base64. */
interface Sealed {
  readonly nonce: string;
  readonly tag: string;
  readonly data: string;
}

/** Name under which the secret of a load is asked for, as a site's account names it. */
export function loadSecretName(importId: string): string {
  return `import-${importId}`;
}

/**
 * Keeps the secret of an account that was given for one load, sealed, until {@link removeCredentials}: what is removed
 * leaves nothing, and a key vault would keep what it deletes. Throws `Failure` `secrets-read-only` where there is no
 * key and none can be made.
 */
export async function keepCredentials(
  { state, secrets }: { readonly state: StateStore; readonly secrets: SecretStore },
  importId: string,
  secret: string,
): Promise<void> {
  if (!(await hasSecret(secrets, IMPORT_KEY))) {
    if (!secrets.set)
      throw new Failure(
        'terminal',
        'secrets-read-only',
        'Credentials for one load are sealed with the secret "import-key", which cannot be set here: set SECRET_IMPORT_KEY to a long random text, or go back to a configured site.',
      );
    await secrets.set(IMPORT_KEY, randomBytes(32).toString('base64url'));
  }
  // Read again: of two who made it at once, one was overtaken.
  const key = await keyOf(secrets);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(importId));
  const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  const sealed: Sealed = {
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  };
  await state.put(...AT, importId, sealed);
}

export async function removeCredentials(state: StateStore, importId: string): Promise<void> {
  await state.remove(...AT, importId);
}

/** The store, and what is given for loads that go on, under {@link loadSecretName}. */
export function withLoadSecrets(secrets: SecretStore, state: StateStore): SecretStore {
  const set = secrets.set?.bind(secrets);
  return {
    ...(set === undefined ? {} : { set }),
    async get(name, refused) {
      const importId = /^import-([0-9a-f]{16})$/.exec(name)?.[1];
      const sealed = importId === undefined ? undefined : await state.get<Sealed>(...AT, importId);
      if (importId === undefined || !sealed) return secrets.get(name, refused);
      return open(importId, sealed.value, await keyOf(secrets, refused));
    },
  };
}

function open(importId: string, { nonce, tag, data }: Sealed, key: Buffer): string {
  try {
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(nonce, 'base64'));
    decipher.setAAD(Buffer.from(importId));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return decipher.update(data, 'base64', 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new Failure(
      'terminal',
      'secret-missing',
      `The secret "${IMPORT_KEY}" has changed since the credentials of the import ${importId} were given: start it again with them.`,
      { cause },
    );
  }
}

async function keyOf(secrets: SecretStore, refused?: string): Promise<Buffer> {
  const text = await secrets.get(IMPORT_KEY, refused);
  if (text.length < LEAST_KEY)
    throw new Failure(
      'terminal',
      'bad-secret',
      `The secret "${IMPORT_KEY}" is too short: give it ${LEAST_KEY} characters at least.`,
    );
  return createHash('sha256').update(text).digest();
}

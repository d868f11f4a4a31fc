import { Failure } from '../errors.ts';
import { missing, type SecretStore } from './secret-store.ts';

export { fileSecrets } from './file-secrets.ts';
export type { SecretStore } from './secret-store.ts';

/** Environment variables `SECRET_NAME`, hyphens as underscores, in upper case. */
export function environmentSecrets(environment: NodeJS.ProcessEnv): SecretStore {
  return {
    async get(name) {
      const variable = `SECRET_${name.toUpperCase().replaceAll(/[-/]/g, '_')}`;
      const value = environment[variable];
      if (value) return value;
      throw missing(name, `the environment variable ${variable}`);
    },
  };
}

/** The first store that has it; it is set in the first that can be written. */
export function firstOf(...stores: readonly SecretStore[]): SecretStore {
  const at = stores.findIndex(({ set }) => set !== undefined);
  const set = stores[at]?.set;
  const before = stores.slice(0, Math.max(0, at));
  return {
    async get(name, refused) {
      const reasons: Failure[] = [];
      for (const store of stores) {
        try {
          return await store.get(name, refused);
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'secret-missing') throw error;
          reasons.push(error);
        }
      }
      const places = reasons.map((reason) =>
        reason.message.replace(/^.* is not in /, '').replace(/; put it there\.$/, ''),
      );
      throw missing(name, places.join(' nor in '));
    },
    ...(set === undefined
      ? {}
      : {
          async set(name, value) {
            for (const store of before) if (await hasSecret(store, name)) throw overridden(name);
            await set(name, value);
          },
        }),
  };
}

/** Whether the store has it. Throws what else is wrong. */
export async function hasSecret(store: SecretStore, name: string): Promise<boolean> {
  try {
    await store.get(name);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'secret-missing') return false;
    throw error;
  }
}

function overridden(name: string): Failure {
  const variable = `SECRET_${name.toUpperCase().replaceAll(/[-/]/g, '_')}`;
  return new Failure(
    'terminal',
    'secret-overridden',
    `The environment variable ${variable} goes before every other value of the secret "${name}"; change or remove it there.`,
  );
}

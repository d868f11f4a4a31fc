import { Failure } from '../errors.ts';
import type { SecretStore } from './secret-store.ts';
import type { Settings } from './settings.ts';

/** A secret that the settings name. */
export interface SecretUse {
  readonly name: string;
  /** `sites[support].account.secret` … */
  readonly usedBy: readonly string[];
}

export interface SecretState extends SecretUse {
  readonly state: 'set' | 'missing' | 'unknown';
  /** Why it is not known, or cannot be read though it is there. */
  readonly reason?: string;
}

/** Settings that name a secret are called `secret`, or end so; a test holds every schema to it. */
export const namesSecret = (key: string): boolean => key === 'backupPassword' || /^secret$|Secret$/.test(key);

/** Every secret that is named, with the places. */
export function secretUses(settings: Settings): SecretUse[] {
  const uses = new Map<string, string[]>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value))
      for (const [at, item] of value.entries())
        walk(item, `${path}[${typeof item?.id === 'string' ? item.id : at}]`);
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) {
        const place = path === '' ? key : `${path}.${key}`;
        if (typeof part === 'string' && namesSecret(key)) uses.set(part, [...(uses.get(part) ?? []), place]);
        else walk(part, place);
      }
  };
  walk(settings, '');
  return [...uses].map(([name, usedBy]) => ({ name, usedBy }));
}

/** Whether each is there. Values are looked at and forgotten. */
export async function secretStates(secrets: SecretStore, settings: Settings): Promise<SecretState[]> {
  const states: SecretState[] = [];
  for (const use of secretUses(settings)) {
    try {
      await secrets.get(use.name);
      states.push({ ...use, state: 'set' });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      states.push({
        ...use,
        state: error.code === 'secret-missing' ? 'missing' : 'unknown',
        ...(error.code === 'secret-missing' ? {} : { reason: error.message }),
      });
    }
  }
  return states;
}

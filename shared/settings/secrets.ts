import { readFile, stat } from 'node:fs/promises';
import { Failure } from '../errors.ts';

/** Where the values of secrets are, which settings only name. */
export interface SecretStore {
  /** Throws `Failure` `secret-missing` that names the secret and where it was looked for. */
  get(name: string): Promise<string>;
}

/** Environment variables `SECRET_NAME`, hyphens as underscores, in upper case. */
export function environmentSecrets(environment: NodeJS.ProcessEnv): SecretStore {
  return {
    async get(name) {
      const variable = `SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
      const value = environment[variable];
      if (value) return value;
      throw missing(name, `the environment variable ${variable}`);
    },
  };
}

/** A JSON object of names and values in a file that its owner alone may read (mode 600). Read anew at each call. */
export function fileSecrets(path: string): SecretStore {
  return {
    async get(name) {
      const secrets = await readSecrets(path);
      const value = secrets[name];
      if (typeof value === 'string' && value !== '') return value;
      throw missing(name, path);
    },
  };
}

/** The first store that has it. */
export function firstOf(...stores: readonly SecretStore[]): SecretStore {
  return {
    async get(name) {
      const reasons: Failure[] = [];
      for (const store of stores) {
        try {
          return await store.get(name);
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
  };
}

async function readSecrets(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0)
      throw new Failure(
        'terminal',
        'secrets-readable',
        `${path} can be read by others; set its mode to 600.`,
      );
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const secrets = parseObject(text);
  if (secrets) return secrets;
  const message = `${path} is not a JSON object of secret names and values.`;
  throw new Failure('terminal', 'secrets-malformed', message);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // The parser's message quotes the text, which holds secrets: it must not travel on.
    return undefined;
  }
}

function missing(name: string, where: string): Failure {
  return new Failure('terminal', 'secret-missing', `The secret "${name}" is not in ${where}; put it there.`);
}

import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { Failure } from '../errors.ts';
import { missing, type SecretStore } from './secret-store.ts';

/** A JSON object of names and values in a file that its owner alone may read (mode 600). Read anew at each call. */
export function fileSecrets(path: string): SecretStore {
  // One after the other: each writes the whole file.
  let writing: Promise<unknown> = Promise.resolve();
  return {
    async get(name) {
      const secrets = await readSecrets(path);
      const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
      if (typeof value === 'string' && value !== '') return value;
      throw missing(name, path);
    },
    set(name, value) {
      const written = writing.then(async () => {
        const secrets = await readSecrets(path);
        await replaceFile(path, `${JSON.stringify({ ...secrets, [name]: value }, undefined, 2)}\n`);
      });
      writing = written.catch(() => {});
      return written;
    },
  };
}

/** Whole or not at all, also when the machine stops; never readable by others, not for a moment. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    const why = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
    throw new Failure('terminal', 'secrets-unwritable', `${path} could not be written (${why}).`);
  }
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

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * The token of this folder's API: made at the first start, the same from then on. `path` is DataFolder's `apiToken`; the
 * file is for its owner alone. Throws an Error with one line for a person.
 */
export function ensureApiToken(path: string): string {
  if (!existsSync(path)) {
    // Beside it first: a start that is killed leaves no half of a token.
    const beside = `${path}.new`;
    rmSync(beside, { force: true });
    writeFileSync(beside, `${randomBytes(32).toString('base64url')}\n`, {
      flag: 'wx',
      mode: 0o600,
      flush: true,
    });
    renameSync(beside, path);
  }
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new Error(
      `${path} can be read by others, who may know the token: remove it, and the next start makes another.`,
    );
  const token = readFileSync(path, 'utf8').trim();
  if (/^[\w-]{43}$/.test(token)) return token;
  throw new Error(`${path} does not hold a token: remove it, and the next start makes another.`);
}

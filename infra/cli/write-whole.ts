import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { CliError } from './command.ts';

/** There whole or not at all, for its owner alone. */
export function writeWhole(path: string, content: string): void {
  const draft = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CliError(2, `${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}

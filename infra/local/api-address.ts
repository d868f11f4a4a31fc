import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'api-address';

/** Says where the API of this folder's instance answers, for as long as it does: the command line looks here. */
export function announceAddress(folder: string, url: string): Disposable {
  writeFileSync(join(folder, NAME), `${url} ${process.pid}\n`, { mode: 0o600 });
  return {
    [Symbol.dispose]() {
      if (readAddress(folder) === url) rmSync(join(folder, NAME), { force: true });
    },
  };
}

/** Undefined where no instance runs: none was announced, or the one that was has been killed since. */
export function readAddress(folder: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, NAME), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [, url, pid] = /^(http:\/\/127\.0\.0\.1:\d{1,5}) ([1-9]\d{0,9})\s*$/.exec(text) ?? [];
  // Somebody else may listen there by now, and would be sent the token.
  return pid !== undefined && isAlive(Number(pid)) ? url : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

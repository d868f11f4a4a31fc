import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './file-failure.ts';

/** Makes names in a folder durable. Windows has no such call: there the file system's journal keeps them in order. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Others may remove a folder as empty, or make it, between any two calls: so often is it tried again. */
const TURNS = 10;

/**
 * Makes a folder and those it lies in. Node's own recursive call never ends where a file system says "no such folder"
 * to every attempt, as /proc and automounted folders do.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  for (let turn = 1; ; turn++) {
    try {
      await mkdir(folder, mode);
      return;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && dirname(folder) !== folder && turn < TURNS) {
        await makeFolder(dirname(folder), mode);
        continue;
      }
      // Some systems refuse to make what is there, a drive's root for one, with another error than EEXIST.
      const there = await stat(folder).catch(() => undefined);
      if (there?.isDirectory()) return;
      const gone = there === undefined && errorCode(error) === 'EEXIST';
      if (!gone || turn >= TURNS) throw error;
    }
  }
}

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

/**
 * Makes a folder and those it lies in. Node's own recursive call never ends where a file system says "no such folder"
 * to every attempt, as /proc and automounted folders do.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const made = await tryToMake(folder, mode);
  if (made || dirname(folder) === folder) return;
  await makeFolder(dirname(folder), mode);
  await mkdir(folder, mode).catch((error: unknown) => {
    // Another process may have made it since.
    if (errorCode(error) !== 'EEXIST') throw error;
  });
}

/** False when the folder above is missing. */
async function tryToMake(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, mode);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return false;
    // Some systems refuse to make what is there, a drive's root for one, with another error than EEXIST.
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory()) return true;
    throw error;
  }
}

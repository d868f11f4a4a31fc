import { open } from 'node:fs/promises';

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

import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A file system in memory: what a killed process leaves is the same there, and the many syncs cost nothing. What a power
 * cut loses is not to be seen in either.
 */
const memory = '/dev/shm';

/** A folder for all temporary files of this process and of those it starts; removed when it ends. */
export function makeRunFolder(): string {
  const place = process.env.TMPDIR === undefined && hasRoomInMemory() ? memory : tmpdir();
  const folder = mkdtempSync(join(place, 'tests-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return folder;
}

function hasRoomInMemory(): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 4 * 2 ** 30;
}

import type { BigIntStats } from 'node:fs';
import type { FileStat } from './file-store.ts';

/** The tag holds for one content: an attempt is a file of its own, so its inode and time change with it. */
export function toFileStat(found: BigIntStats | undefined): FileStat | undefined {
  if (found === undefined) return undefined;
  // Something else than a file takes the name and is never one of ours.
  if (!found.isFile()) return { size: -1, tag: 'no-file' };
  return { size: Number(found.size), tag: `${found.ino}-${found.size}-${found.mtimeNs}` };
}

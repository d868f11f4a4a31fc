import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { unzipSync, type Zippable, zipSync } from 'fflate';

// The same content gives the same bytes: the first day that a zip can name, in whatever time zone.
const day = new Date(1980, 0, 1);

/** Writes a folder's files as a zip. Resolves to its size in bytes. */
export function zipFolder(folder: string, file: string): number {
  const entries: Zippable = {};
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of names) {
    const name = path.slice(folder.length + 1).replaceAll(sep, '/');
    entries[name] = [readFileSync(path), { level: 9, mtime: day }];
  }
  const bytes = zipSync(entries);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return bytes.byteLength;
}

/** Unpacks a zip that `zipFolder` made. */
export function unzipTo(file: string, folder: string): void {
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(file)))) {
    const path = join(folder, ...name.split('/'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

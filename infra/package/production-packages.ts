import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package whose code is in the bundle. */
export interface PackedPackage {
  /** Its folder, relative to the project: `node_modules/a`, `node_modules/b/node_modules/a`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/**
 * The packages that files of a bundle come from.
 * @throws Error with one line when a file belongs to no production dependency and is no code of ours.
 */
export function productionPackages(root: string, inputs: readonly string[]): PackedPackage[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  const found = new Map<string, PackedPackage>();
  for (const input of inputs) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder === undefined) {
      if (/^(functions|shared)\//.test(input) || input.startsWith('(disabled):')) continue;
      throw new Error(`${input} is not for production: only functions/ and shared/ are packed.`);
    }
    if (found.has(folder)) continue;
    const entry = lock.packages[folder];
    if (entry === undefined || entry.dev)
      throw new Error(`${folder} is no production dependency, but ${input} is needed by the functions.`);
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    found.set(folder, { folder, name, version: entry.version ?? '', license: entry.license ?? 'unknown' });
  }
  return [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

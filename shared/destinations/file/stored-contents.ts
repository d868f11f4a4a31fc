import { Failure } from '../../errors.ts';
import type { StoredContents, StoredFile } from '../destination.ts';
import type { FileStore } from './file-store.ts';

/** Gives out files by the catalog's own names; before a byte goes out it looks whether the file is the one it says. */
export function storedContents(store: FileStore): StoredContents {
  return {
    async read(file, range) {
      await lookAt(store, file);
      return store.read(file.name, range);
    },
  };
}

async function lookAt(store: FileStore, { name, size, sha256 }: StoredFile): Promise<void> {
  const found = await store.stat(name);
  if (!found)
    throw new Failure(
      'item',
      'file-missing',
      `${name} was stored and is not in ${store.where} any more: "verify" lists what else is missing.`,
    );
  const is = found.size !== size ? `${found.size} bytes, not ${size}` : 'another SHA-256';
  if (found.size !== size || (found.sha256 !== undefined && found.sha256 !== sha256))
    throw new Failure(
      'item',
      'file-changed',
      `${name} in ${store.where} is not what was stored under this name (${is}): "verify" lists what else was changed.`,
    );
}

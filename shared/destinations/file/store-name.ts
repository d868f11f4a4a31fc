/** Manifests lie here; no File Name Format and no value makes a name that begins with a full stop. */
export const manifestFolder = '.manifests';
/** Attempts lie here, in stores that have a place for them. */
export const incompleteFolder = '.incomplete';

/** A name from the catalog is checked again before it becomes a path: the last gate before the file system. */
export function checkStoreName(name: string): void {
  if (/^\.manifests\/[a-z0-9-]+\/[0-9]+(-[0-9]+)?\.ndjson$/.test(name)) return;
  const parts = name.split('/');
  if (parts.every((part) => part !== '' && !part.startsWith('.') && !/[\\\0]/.test(part))) return;
  throw new RangeError('A file name reached the store that renderFileName does not make.');
}

/** Whether a listed name can be that of a stored file. */
export function isStoredName(name: string): boolean {
  try {
    checkStoreName(name);
    return !name.startsWith('.');
  } catch {
    return false;
  }
}

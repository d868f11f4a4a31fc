/** A name from the catalog is checked again before it becomes a path: the last gate before the file system. */
export function checkStoreName(name: string): void {
  const parts = name.split('/');
  if (parts.every((part) => part !== '' && !part.startsWith('.') && !/[\\\0]/.test(part))) return;
  throw new RangeError('A file name reached the store that renderFileName does not make.');
}

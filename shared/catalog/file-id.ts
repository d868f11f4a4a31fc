import { createHash } from 'node:crypto';

/** Names one stored file for ever: of an item that has several versions the one of this name. */
export interface FileReference {
  readonly destinationId: string;
  /** Key of the item. */
  readonly item: string;
  /** Of the file's name: 16 hex digits. No name from outside ever reaches a store. */
  readonly version: string;
}

/** Opaque to whoever is given it; letters, digits, `-` and `_`. */
export function fileId(destinationId: string, item: string, name: string): string {
  return Buffer.from(JSON.stringify([destinationId, item, versionOf(name)])).toString('base64url');
}

/** Undefined: nothing that `fileId` made. */
export function readFileId(id: string): FileReference | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(id, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length !== 3) return undefined;
    const [destinationId, item, version] = parts as unknown[];
    if (typeof destinationId !== 'string' || !/^[a-z0-9-]{1,40}$/.test(destinationId)) return undefined;
    if (typeof item !== 'string' || item === '' || item.length > 5000) return undefined;
    if (typeof version !== 'string' || !/^[0-9a-f]{16}$/.test(version)) return undefined;
    return { destinationId, item, version };
  } catch {
    return undefined;
  }
}

export function versionOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

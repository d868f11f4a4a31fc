import { ServiceError } from './service-error.ts';

export interface FileNode {
  readonly kind: 'file';
  readonly id: string;
  name: string;
  etag: string;
  size: number;
  /** What was written; from its end to the size there are zeros. */
  bytes: Buffer;
  contentType: string | undefined;
  metadata: Record<string, string>;
  readOnly: boolean;
  /** Set through SMB; every write is refused while it is. */
  openBySmb: boolean;
  lease: { id: string; state: 'leased' | 'broken' } | undefined;
  readonly created: Date;
  lastWrite: Date;
  lastModified: Date;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  readonly id: string;
  readonly name: string;
  readonly etag: string;
  readonly created: Date;
  /** By folded name: Azure Files does not tell capitals apart. */
  readonly children: Map<string, FileNode | DirectoryNode>;
}

const reserved = /^(con|prn|aux|nul|clock\$|(com|lpt)[0-9])$/i;

/** One share: its tree, what it costs in bytes, and the ids and ETags that are never given twice. */
export class ShareTree {
  readonly root: DirectoryNode;
  /** Bytes of content at most. */
  quota = Number.POSITIVE_INFINITY;
  readonly #now: () => Date;
  #last = 0;

  constructor(now: () => Date) {
    this.#now = now;
    this.root = this.directory('');
  }

  directory(name: string): DirectoryNode {
    const created = this.#now();
    return { kind: 'directory', id: this.id(), name, etag: this.etag(), created, children: new Map() };
  }

  file(name: string, size: number): FileNode {
    const at = this.#now();
    return {
      kind: 'file',
      id: this.id(),
      name,
      etag: this.etag(),
      size,
      bytes: Buffer.alloc(0),
      contentType: undefined,
      metadata: {},
      readOnly: false,
      openBySmb: false,
      lease: undefined,
      created: at,
      lastWrite: at,
      lastModified: at,
    };
  }

  touch(file: FileNode, { content = false } = {}): void {
    file.etag = this.etag();
    file.lastModified = this.#now();
    if (content) file.lastWrite = this.#now();
  }

  id(): string {
    return String(11_529_215_046_068_469_760n + BigInt(++this.#last));
  }

  etag(): string {
    return `"0x8DC${(++this.#last).toString(16).toUpperCase().padStart(12, '0')}"`;
  }

  /** The node at a path; undefined where its folder has none of that name. @throws ServiceError ParentNotFound */
  find(path: readonly string[]): FileNode | DirectoryNode | undefined {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    return this.parent(path).children.get(fold(name));
  }

  parent(path: readonly string[]): DirectoryNode {
    let at = this.root;
    for (const part of path.slice(0, -1)) {
      const next = at.children.get(fold(part));
      if (next?.kind !== 'directory') throw new ServiceError(404, 'ParentNotFound');
      at = next;
    }
    return at;
  }

  put(path: readonly string[], node: FileNode | DirectoryNode): void {
    this.parent(path).children.set(fold(node.name), node);
  }

  drop(path: readonly string[]): void {
    this.parent(path).children.delete(fold(path.at(-1) ?? ''));
  }

  /** All files with their paths. */
  *files(at: DirectoryNode = this.root, prefix = ''): Generator<readonly [path: string, file: FileNode]> {
    for (const child of at.children.values()) {
      if (child.kind === 'file') yield [`${prefix}${child.name}`, child];
      else yield* this.files(child, `${prefix}${child.name}/`);
    }
  }

  used(): number {
    let bytes = 0;
    for (const [, file] of this.files()) bytes += file.bytes.byteLength;
    return bytes;
  }
}

export function contentOf(file: FileNode): Buffer {
  return Buffer.concat([file.bytes, Buffer.alloc(file.size - file.bytes.byteLength)]);
}

export function fold(name: string): string {
  return name.toUpperCase();
}

/** The parts of a path as Azure Files takes them. @throws ServiceError */
export function parsePath(path: string): string[] {
  if (path.length > 2_048) throw new ServiceError(400, 'InvalidFileOrDirectoryPathName');
  // Full stops at the end of a name are cut off unless a header says otherwise.
  const parts = path.split('/').map((part) => part.replace(/\.+$/, ''));
  if (parts.length > 250) throw new ServiceError(400, 'InvalidFileOrDirectoryPathName');
  for (const part of parts) {
    if (part.length > 255) throw new ServiceError(400, 'InvalidFileOrDirectoryPathName');
    const stem = part.split('.', 1)[0] ?? '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    if (part === '' || /["\\:|<>*?\u0000-\u001f]/.test(part) || reserved.test(stem)) {
      throw new ServiceError(400, 'InvalidResourceName');
    }
  }
  return parts;
}

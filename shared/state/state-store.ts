/**
 * The one port for what is remembered. Documents live in a collection under (partition, key). Two adapters, an Azure
 * Table and SQLite, pass one contract test. Every write is durable when its promise resolves.
 *
 * Partitions and keys are 1 to 512 characters of `A-Z a-z 0-9 - _ . : ~ | @ + = * , !`; make them with `stateKey`,
 * which encodes anything. Order is by character code. Values are JSON, at most 900 KB each.
 */
export interface StateStore {
  get<T>(collection: Collection, partition: string, key: string): Promise<Entry<T> | undefined>;
  /** In key order. `from` inclusive, `before` exclusive. Follow `next` by passing it as `from`. */
  list<T>(collection: Collection, partition: string, range?: ListRange): Promise<Page<T>>;
  /** Throws {@link StateConflict} when the key exists. Resolves to the new ETag. */
  insert<T>(collection: Collection, partition: string, key: string, value: T): Promise<string>;
  /** Throws {@link StateConflict} when the entry is gone or its ETag is another. Resolves to the new ETag. */
  update<T>(collection: Collection, partition: string, key: string, value: T, etag: string): Promise<string>;
  /** Inserts or replaces, whatever was there. */
  put<T>(collection: Collection, partition: string, key: string, value: T): Promise<string>;
  /** Without an ETag, removing what is not there is fine. With one, throws {@link StateConflict} like update. */
  remove(collection: Collection, partition: string, key: string, etag?: string): Promise<void>;
  /** All or nothing inside one partition, 1 to 100 operations on different keys. Throws {@link StateConflict}. */
  batch(collection: Collection, partition: string, operations: readonly Operation[]): Promise<void>;
  close(): Promise<void>;
}

/** A closed list, so that a table for each can be made on first use and nothing is misspelt. */
export const collections = [
  'settings',
  'watermarks',
  'open',
  'catalog',
  'ledger',
  'leases',
  'claims',
  'runs',
  'logs',
  'audit',
  'notifications',
  'coverage',
  'tickets',
  'imports',
  'sessions',
  'answers',
] as const;
export type Collection = (typeof collections)[number];

export interface Entry<T> {
  readonly key: string;
  readonly etag: string;
  readonly value: T;
}

export interface ListRange {
  readonly from?: string;
  readonly before?: string;
  /** At most this many entries in the page; default and maximum 1,000. */
  readonly limit?: number;
}

export interface Page<T> {
  readonly entries: readonly Entry<T>[];
  readonly next?: string;
}

export type Operation =
  | { readonly op: 'insert'; readonly key: string; readonly value: unknown }
  | { readonly op: 'update'; readonly key: string; readonly value: unknown; readonly etag: string }
  | { readonly op: 'put'; readonly key: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly key: string; readonly etag?: string };

export class StateConflict extends Error {
  override readonly name = 'StateConflict';
  /** Index of the operation that did not hold, in a batch. */
  readonly index: number;
  constructor(message: string, index = 0) {
    super(message);
    this.index = index;
  }
}

/** Joins parts into a key: characters outside the allowed set, and the joint itself, become `*` and UTF-8 hex. */
export function stateKey(...parts: readonly (string | number)[]): string {
  return parts.map((part) => encodePart(String(part))).join('|');
}

function encodePart(text: string): string {
  if (/^[A-Za-z0-9\-_.:~@+=,!]*$/.test(text)) return text;
  let out = '';
  for (const character of text) {
    if (/^[A-Za-z0-9\-_.:~@+=,!]$/.test(character)) out += character;
    else for (const byte of Buffer.from(character, 'utf8')) out += `*${byte.toString(16).padStart(2, '0')}`;
  }
  return out;
}

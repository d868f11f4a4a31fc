import { createHash } from 'node:crypto';
import { listAll } from '../../state/list-all.ts';
import type { Entry, Operation, StateStore } from '../../state/state-store.ts';
import { stateKey } from '../../state/state-store.ts';
import type { FileEvidence, StoredFile } from '../destination.ts';
import { foldName } from './safe-name.ts';

/**
 * Collection `catalog`, partition = destination id: a row for each item (`item|`) and one for each name that is taken
 * (`name|`); what stands in no manifest yet (`journal|`), what Retention Count counts (`kept|`), the manifests
 * (`manifest|`), which runs have theirs (`sealed|`), and the last manifest (`chain`).
 */
export interface CatalogItem {
  readonly key: string;
  /** Data type id. */
  readonly stream: string;
  readonly siteId: string;
  /** The recorded host name. */
  readonly host: string;
  readonly applianceId?: string;
  readonly apiVersion?: string;
  /**
   * - `reserved`: has a name, and no file yet
   * - `stored`: the file is under its name
   * - `skipped`: the name was taken and File Name Conflict Handling is Skip
   * - `replaced`: was stored; then Overwrite gave its name to another item, `replacedBy`
   * - `pruned`: was stored; then removed by Retention Count
   */
  readonly state: 'reserved' | 'stored' | 'skipped' | 'replaced' | 'pruned';
  /** The file's name; reserved, or taken by something else, according to `state`. */
  readonly name: string;
  readonly size?: number;
  /** Hex. */
  readonly sha256?: string;
  readonly verified?: FileEvidence;
  readonly version?: ItemVersion;
  /** ISO 8601, our clock. */
  readonly storedAt?: string;
  /** The store's tag of the file when it was stored. */
  readonly tag?: string;
  readonly replacedBy?: ReplacedBy;
  /** AppendNumber: the files of earlier versions, oldest first; they are still there. */
  readonly earlier?: readonly CatalogFile[];
  /** AppendNumber: the name reserved for the next version. */
  readonly next?: string;
  /** Skip: versions that came later and were not stored, newest last. */
  readonly skippedVersions?: readonly ItemVersion[];
  /** Contents that attempts are about to make visible. Whichever is found under the name is the item's. */
  readonly promised?: readonly PromisedFile[];
  /** From the moment that the file may be removed by Retention Count: it may be gone. */
  readonly pruning?: Pruning;
  /** The tombstone of a file that was removed; size, hash and time of storing stay in the row. */
  readonly pruned?: Pruning;
  /** Another with each promise and each takeover of the name, so that who wrote last recognises its own row. */
  readonly touch?: string;
}

export interface ItemVersion {
  readonly hash: string;
  readonly closed: boolean;
  readonly readAt: number;
}

export interface ReplacedBy {
  readonly key: string;
  /** ISO 8601, our clock. */
  readonly at: string;
}

export interface Pruning {
  /** ISO 8601, our clock. */
  readonly at: string;
  readonly why: string;
}

/** What was under a name before; of a file that is not of this destination often only the size is known. */
export interface ReplacedFile {
  /** Key of the item. */
  readonly item?: string;
  readonly size: number;
  readonly sha256?: string;
  readonly storedAt?: string;
}

export interface CatalogFile extends StoredFile {
  readonly version?: ItemVersion;
  readonly replacedBy?: ReplacedBy;
}

export interface PromisedFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly verified: FileEvidence;
  readonly version?: ItemVersion;
  /** ISO 8601, our clock. */
  readonly at: string;
  /** What it takes the place of. */
  readonly replaces?: ReplacedFile;
  /** What a person should know once it is stored. */
  readonly alarm?: string;
}

/** Says that a name is taken, and by which item. Keyed on the folded name. */
export interface CatalogName {
  /** As it is spelt. */
  readonly name: string;
  /** Key of the item. */
  readonly item: string;
}

const maxKeyLength = 400;

function rowKey(kind: 'item' | 'name', text: string): string {
  const key = stateKey(kind, text);
  if (key.length <= maxKeyLength) return key;
  // Longer than any key that is not cut, so the two cannot meet.
  return `${key.slice(0, maxKeyLength)}~${createHash('sha256').update(text).digest('hex')}`;
}

export const itemRowKey = (key: string): string => rowKey('item', key);
export const nameRowKey = (name: string): string => rowKey('name', foldName(name));

/** What the catalog of a destination says of an item; undefined when it was never begun. */
export async function readCatalogItem(
  state: StateStore,
  destinationId: string,
  key: string,
): Promise<CatalogItem | undefined> {
  return (await openCatalog(state, destinationId).item(key))?.value;
}

/** All items of a destination in order of their row keys. */
export async function* listCatalogItems(
  state: StateStore,
  destinationId: string,
): AsyncIterable<CatalogItem> {
  // `|` ends the kind and `~` comes after it.
  const range = { from: 'item|', before: 'item~' };
  for await (const { value } of listAll<CatalogItem>(state, 'catalog', stateKey(destinationId), range))
    yield value;
}

/** Items whose keys have this beginning, as `stateKey` joins it: they are that, or go on after it with `|`. */
export async function listItemsUnder(
  state: StateStore,
  destinationId: string,
  beginning: string,
): Promise<CatalogItem[]> {
  const from = itemRowKey(beginning);
  const items: CatalogItem[] = [];
  // What goes on does so with `*`, the escape, and `+` comes right after that.
  const range = { from, before: `${from}+` };
  for await (const { value } of listAll<CatalogItem>(state, 'catalog', stateKey(destinationId), range))
    if (value.key === beginning || value.key.startsWith(`${beginning}*7c`)) items.push(value);
  return items;
}

/** A page of items of a host and data type in the order of their keys, which begin with an instant: in [from, to). */
export async function listItemsByTime(
  state: StateStore,
  destinationId: string,
  { host, stream, from = '', to }: ItemsByTime,
  limit: number,
  after?: string,
): Promise<{ readonly items: readonly CatalogItem[]; readonly next?: string }> {
  const start = itemRowKey(stateKey(host, stream, from));
  const before =
    to === undefined ? `${itemRowKey(stateKey(host, stream, ''))}~` : itemRowKey(stateKey(host, stream, to));
  const page = await state.list<CatalogItem>('catalog', stateKey(destinationId), {
    from: after !== undefined && after > start ? after : start,
    before,
    limit,
  });
  const items = page.entries.map(({ value }) => value);
  return { items, ...(page.next === undefined ? {} : { next: page.next }) };
}

export interface ItemsByTime {
  /** The recorded host name. */
  readonly host: string;
  readonly stream: string;
  /** As keys have them: `20261120T000000Z`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The file of an item, where it has one. */
export function currentFile(item: CatalogItem): CatalogFile | undefined {
  const { name, size, sha256, verified, storedAt, version, replacedBy } = item;
  if (size === undefined || sha256 === undefined || verified === undefined || storedAt === undefined)
    return undefined;
  return {
    name,
    size,
    sha256,
    verified,
    storedAt,
    ...(version === undefined ? {} : { version }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  };
}

export function storedFile({ name, size, sha256, verified, storedAt }: CatalogFile): StoredFile {
  return { name, size, sha256, verified, storedAt };
}

/** The rows of one destination, typed. */
export interface Catalog {
  readonly destinationId: string;
  readonly state: StateStore;
  readonly partition: string;
  item(key: string): Promise<Entry<CatalogItem> | undefined>;
  name(name: string): Promise<Entry<CatalogName> | undefined>;
  update(entry: Entry<CatalogItem>, value: CatalogItem): Promise<Entry<CatalogItem>>;
  batch(operations: readonly Operation[]): Promise<void>;
}

export function openCatalog(state: StateStore, destinationId: string): Catalog {
  const partition = stateKey(destinationId);
  return {
    destinationId,
    state,
    partition,
    item: (key) => state.get<CatalogItem>('catalog', partition, itemRowKey(key)),
    name: (name) => state.get<CatalogName>('catalog', partition, nameRowKey(name)),
    update: async (entry, value) => {
      const etag = await state.update('catalog', partition, entry.key, value, entry.etag);
      return { key: entry.key, etag, value };
    },
    batch: (operations) => state.batch('catalog', partition, operations),
  };
}

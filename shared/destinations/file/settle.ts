import { createHash } from 'node:crypto';
import type { Entry } from '../../state/state-store.ts';
import type { FileItem } from '../destination.ts';
import type { CatalogItem, PromisedFile } from './catalog.ts';
import type { FileContext } from './file-context.ts';
import type { FileStat, FileStore } from './file-store.ts';
import { markStored, storing, storingOvertaken } from './mark-stored.ts';
import { reserveName, reserveNext } from './reservation.ts';
import { compareVersions } from './versions.ts';

/** A file that the caller has just made visible itself. */
export interface OwnPut {
  readonly promise: PromisedFile;
  readonly tag: string;
}

/**
 * Brings an item's row up to what is in the store, whoever did it and died: a content that was promised and is found
 * under its name is stored; a reserved name under which something else is found is given up for the next.
 */
export async function settle(
  context: FileContext,
  item: FileItem,
  entry: Entry<CatalogItem>,
  own?: OwnPut,
): Promise<Entry<CatalogItem>> {
  const row = entry.value;
  const { store, catalog, handling } = context;
  const promised = [...(row.promised ?? []), ...(own === undefined ? [] : [own.promise])];
  for (const name of openNames(row, promised)) {
    const owner = await catalog.name(name);
    const lost = owner !== undefined && owner.value.item !== row.key;
    const pending = name === row.next || row.state === 'reserved';
    if (lost) {
      if (own?.promise.name === name) {
        // It was there, and another item has overwritten it or is about to.
        return markStored(context, entry, storingOvertaken(context, item, row, own, owner.value.item));
      }
      if (pending && handling !== 'Overwrite') return giveUp(context, item, entry);
      continue;
    }
    const stat = await store.stat(name);
    if (stat === undefined || (!pending && stat.tag === row.tag)) continue;
    const found = await findPromise(store, name, stat, promised);
    if (found !== undefined) {
      return markStored(context, entry, storing(context, item, row, found, stat.tag));
    }
    if (pending && handling !== 'Overwrite') return giveUp(context, item, entry);
  }
  return entry;
}

/** Names under which something may have happened that the row does not know. */
function openNames(row: CatalogItem, promised: readonly PromisedFile[]): readonly string[] {
  const names = row.next === undefined ? [] : [row.next];
  const isFile = row.state === 'stored' || row.state === 'replaced';
  if (row.state === 'reserved' || (isFile && promised.some(({ name }) => name === row.name)))
    names.push(row.name);
  return names;
}

function giveUp(
  context: FileContext,
  item: FileItem,
  entry: Entry<CatalogItem>,
): Promise<Entry<CatalogItem>> {
  context.log.warn('A reserved file name was taken by something else', {
    name: entry.value.next ?? entry.value.name,
  });
  return entry.value.state === 'reserved'
    ? reserveName(context, item, entry)
    : reserveNext(context, item, entry);
}

/** The newest promise that the file fulfils. */
async function findPromise(
  store: FileStore,
  name: string,
  stat: FileStat,
  promised: readonly PromisedFile[],
): Promise<PromisedFile | undefined> {
  const likely = promised.filter((promise) => promise.name === name && promise.size === stat.size);
  if (likely.length === 0) return undefined;
  const sha256 = stat.sha256 ?? (await hashOf(store.read(name)));
  return likely
    .filter((promise) => promise.sha256 === sha256)
    .sort((a, b) => (a.version && b.version ? compareVersions(a.version, b.version) : 0))
    .at(-1);
}

export async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

import { type Entry, type Operation, StateConflict } from '../../state/state-store.ts';
import type { FileItem } from '../destination.ts';
import type { CatalogItem, CatalogName } from './catalog.ts';
import { itemRowKey, nameRowKey } from './catalog.ts';
import { candidateNames } from './conflict.ts';
import type { FileContext } from './file-context.ts';
import { itemFacts } from './file-context.ts';
import type { FileStat } from './file-store.ts';
import { storedOperations } from './mark-stored.ts';

interface Candidate {
  readonly name: string;
  /** `free`: nobody has it. `own`: a file of this very item that the catalog does not know. */
  readonly is: 'free' | 'own' | 'taken';
  readonly stat?: FileStat;
}

/** The first name that is not taken; the last one tried when all are (Overwrite and Skip try one). */
async function pickName(context: FileContext, item: FileItem): Promise<Candidate> {
  let last = '';
  for (const name of candidateNames(context.render(item), context.handling)) {
    last = name;
    if ((await context.catalog.name(name)) !== undefined) continue;
    const stat = await context.store.stat(name);
    if (stat === undefined) return { name, is: 'free' };
    if (isOwn(stat, item)) return { name, is: 'own', stat };
  }
  return { name: last, is: 'taken' };
}

/** Its key says so, and of an item that changes the hash of this very reading. */
function isOwn(stat: FileStat, { key, version }: FileItem): boolean {
  return stat.key === key && (version === undefined || stat.contentHash === version.hash);
}

/**
 * Gives an item that has no file its name: item row and name row in one batch. The row that results is `reserved`;
 * `skipped` where the name is taken and that is the handling; `stored` where the file turns out to be there.
 *
 * @param entry the item's row, where it has one: `skipped`, or `reserved` under a name that something else has taken
 */
export async function reserveName(
  context: FileContext,
  item: FileItem,
  entry: Entry<CatalogItem> | undefined,
): Promise<Entry<CatalogItem>> {
  const picked = await pickName(context, item);
  const operations: Operation[] = await releaseName(context, entry);
  if (picked.is === 'taken' && context.handling === 'Skip') {
    const { value } = entry ?? {};
    if (entry !== undefined && value?.state === 'skipped' && value.name === picked.name) return entry;
    const row: CatalogItem = { ...itemFacts(item), state: 'skipped', name: picked.name };
    return write(context, item, entry, row, operations);
  }
  let name = picked.name;
  const owner = picked.is === 'taken' ? await context.catalog.name(name) : undefined;
  // Names that differ in capitals only are one file: the spelling that is there stays.
  if (owner !== undefined) name = owner.value.name;
  if (owner === undefined) {
    operations.push({
      op: 'insert',
      key: nameRowKey(name),
      value: { name, item: item.key } satisfies CatalogName,
    });
  }
  const row: CatalogItem = { ...itemFacts(item), ...firstState(context, item, name, picked) };
  if (row.state === 'stored') operations.push(...storedOperations(item, row));
  return write(context, item, entry, row, operations);
}

function firstState(
  context: FileContext,
  item: FileItem,
  name: string,
  { is, stat }: Candidate,
): Pick<CatalogItem, 'state' | 'name'> {
  if (is !== 'own' || stat?.sha256 === undefined || stat.verified === undefined)
    return { state: 'reserved', name };
  const { size, sha256, verified, tag } = stat;
  const found = { size, sha256, verified, tag, storedAt: context.now().toISOString() };
  return {
    state: 'stored',
    name,
    ...found,
    ...(item.version === undefined ? {} : { version: item.version }),
  };
}

/**
 * AppendNumber: reserves the name of an item's next version. `entry.value.next`, where there is one, was taken by
 * something else and is given up.
 */
export async function reserveNext(
  context: FileContext,
  item: FileItem,
  entry: Entry<CatalogItem>,
): Promise<Entry<CatalogItem>> {
  const { name } = await pickName(context, item);
  const operations = await releaseName(context, entry);
  const key = nameRowKey(name);
  operations.push({ op: 'insert', key, value: { name, item: item.key } satisfies CatalogName });
  const { promised: _, ...row } = entry.value;
  return write(context, item, entry, { ...row, next: name }, operations);
}

/** Removes the name row of a reservation that is given up. */
async function releaseName(
  context: FileContext,
  entry: Entry<CatalogItem> | undefined,
): Promise<Operation[]> {
  const row = entry?.value;
  const name = row?.state === 'reserved' ? row.name : row?.next;
  if (row === undefined || name === undefined) return [];
  const owner = await context.catalog.name(name);
  return owner?.value.item === row.key ? [{ op: 'remove', key: owner.key, etag: owner.etag }] : [];
}

async function write(
  context: FileContext,
  item: FileItem,
  entry: Entry<CatalogItem> | undefined,
  value: CatalogItem,
  others: readonly Operation[],
): Promise<Entry<CatalogItem>> {
  const key = itemRowKey(item.key);
  const own: Operation =
    entry === undefined ? { op: 'insert', key, value } : { op: 'update', key, value, etag: entry.etag };
  await context.catalog.batch([own, ...others]);
  const written = await context.catalog.item(item.key);
  if (written === undefined) throw new StateConflict('the row that was just written is gone');
  return written;
}

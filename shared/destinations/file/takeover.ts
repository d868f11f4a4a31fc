import { randomUUID } from 'node:crypto';
import type { Entry, Operation } from '../../state/state-store.ts';
import type { FileItem } from '../destination.ts';
import type { CatalogItem, CatalogName, PromisedFile } from './catalog.ts';
import { currentFile, nameRowKey } from './catalog.ts';
import type { FileContext } from './file-context.ts';
import { replacedRow } from './versions.ts';

/**
 * What gives a name to an item, to be written in one batch with the item's row: nobody has it, or Overwrite takes it
 * from another item, whose file is then about to be replaced.
 */
export async function takeName(
  { catalog, log }: FileContext,
  item: FileItem,
  owner: Entry<CatalogName> | undefined,
  promise: PromisedFile,
): Promise<{ readonly operations: readonly Operation[]; readonly promise: PromisedFile }> {
  const key = nameRowKey(promise.name);
  const value: CatalogName = { name: promise.name, item: item.key };
  if (owner === undefined) return { operations: [{ op: 'insert', key, value }], promise };
  const operations: Operation[] = [{ op: 'update', key, value, etag: owner.etag }];
  const victim = await catalog.item(owner.value.item);
  if (victim === undefined) return { operations, promise };
  // Written even where nothing changes: an attempt of the other item that is at work must notice.
  const by = { key: item.key, at: promise.at };
  const row = { ...replacedRow(victim.value, promise.name, by), touch: randomUUID() };
  operations.push({ op: 'update', key: victim.key, value: row, etag: victim.etag });
  log.warn('A file is overwritten by that of another item', { name: promise.name });
  const file = [...(victim.value.earlier ?? []), ...toList(currentFile(victim.value))].find(
    ({ name }) => name === promise.name,
  );
  if (file === undefined) return { operations, promise };
  const { size, sha256, storedAt } = file;
  return {
    operations,
    promise: { ...promise, replaces: { item: victim.value.key, size, sha256, storedAt } },
  };
}

/** The file under the name cannot be replaced after all: it stays that of the item it was taken from. */
export async function giveBackName(
  { catalog }: FileContext,
  entry: Entry<CatalogItem>,
  promise: PromisedFile,
): Promise<void> {
  const promised = entry.value.promised?.filter(({ name }) => name !== promise.name) ?? [];
  const { promised: _, ...rest } = entry.value;
  const value: CatalogItem = { ...rest, ...(promised.length === 0 ? {} : { promised }) };
  const operations: Operation[] = [{ op: 'update', key: entry.key, value, etag: entry.etag }];
  const other = promise.replaces?.item;
  const victim = other === undefined || other === entry.value.key ? undefined : await catalog.item(other);
  const owner = await catalog.name(promise.name);
  if (victim !== undefined && owner?.value.item === entry.value.key) {
    const name: CatalogName = { ...owner.value, item: victim.value.key };
    operations.push({ op: 'update', key: owner.key, value: name, etag: owner.etag });
    const row = returnedRow(victim.value, promise.name, entry.value.key);
    operations.push({ op: 'update', key: victim.key, value: row, etag: victim.etag });
  }
  await catalog.batch(operations);
}

/** The row of an item that was to lose this file to another one and keeps it. */
function returnedRow(row: CatalogItem, name: string, by: string): CatalogItem {
  if (row.name === name && row.state === 'replaced' && row.replacedBy?.key === by) {
    const { replacedBy: _, ...kept } = row;
    return { ...kept, state: 'stored', touch: randomUUID() };
  }
  const earlier = row.earlier?.map(({ replacedBy, ...file }) =>
    file.name === name || replacedBy === undefined ? file : { ...file, replacedBy },
  );
  return { ...row, ...(earlier === undefined ? {} : { earlier }), touch: randomUUID() };
}

function toList<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

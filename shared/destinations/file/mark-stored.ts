import { type Entry, type Operation, StateConflict } from '../../state/state-store.ts';
import type { FileItem } from '../destination.ts';
import type { CatalogItem, PromisedFile } from './catalog.ts';
import type { FileContext } from './file-context.ts';
import { type StoredEvent, storedEvent, timeAfter } from './journal.ts';
import { keptRow } from './retention/kept-files.ts';
import { replacedRow, storedRow } from './versions.ts';

/** The row once a promised content was found under its name, and what goes into the catalog with it. */
export function storing(
  context: FileContext,
  item: FileItem,
  row: CatalogItem,
  found: PromisedFile,
  tag: string,
): { readonly row: CatalogItem; readonly also: readonly Operation[] } {
  const before = replacedFile(row, found);
  const at = timeAfter(context.now(), before?.storedAt);
  const stored = storedRow(row, found, tag, at, context.handling === 'Overwrite');
  return { row: stored, also: storedOperations(item, stored, { replaced: before, alarm: found.alarm }) };
}

/** The same for a file that was there, and that another item has overwritten or is about to. */
export function storingOvertaken(
  context: FileContext,
  item: FileItem,
  row: CatalogItem,
  own: { readonly promise: PromisedFile; readonly tag: string },
  by: string,
): { readonly row: CatalogItem; readonly also: readonly Operation[] } {
  const stored = storing(context, item, row, own.promise, own.tag).row;
  const overtaken = replacedRow(stored, own.promise.name, { key: by, at: stored.storedAt ?? '' });
  return { row: overtaken, also: [storedEvent(item, stored, { overtakenBy: by })] };
}

/** What is written in one batch with a row that becomes `stored`. */
export function storedOperations(item: FileItem, row: CatalogItem, event: StoredEvent = {}): Operation[] {
  return [storedEvent(item, row, event), ...keptRow(item, row)];
}

function replacedFile(row: CatalogItem, found: PromisedFile): PromisedFile['replaces'] {
  if (found.replaces !== undefined) return found.replaces;
  if (row.name !== found.name || row.size === undefined || row.state === 'reserved') return undefined;
  const { key, size, sha256, storedAt } = row;
  return {
    item: key,
    size,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(storedAt === undefined ? {} : { storedAt }),
  };
}

/** Writes the row and the rest in one batch. The row that is then there may be that of a later writer. */
export async function markStored(
  { catalog }: FileContext,
  entry: Entry<CatalogItem>,
  { row, also }: { readonly row: CatalogItem; readonly also: readonly Operation[] },
): Promise<Entry<CatalogItem>> {
  await catalog.batch([{ op: 'update', key: entry.key, value: row, etag: entry.etag }, ...also]);
  const written = await catalog.item(row.key);
  if (written === undefined) throw new StateConflict('the row that was just written is gone');
  return written;
}

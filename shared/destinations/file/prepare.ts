import { Failure } from '../../errors.ts';
import { type Entry, StateConflict } from '../../state/state-store.ts';
import type { FileItem, StoredFile } from '../destination.ts';
import { type CatalogItem, currentFile, type ItemVersion, storedFile } from './catalog.ts';
import type { FileContext } from './file-context.ts';
import { reserveName, reserveNext } from './reservation.ts';
import { type OwnPut, settle } from './settle.ts';
import { compareVersions } from './versions.ts';

/** What is to be done for an item. */
export type Step =
  | { readonly status: 'unchanged' | 'older'; readonly file: StoredFile; readonly row: CatalogItem }
  | { readonly status: 'skipped'; readonly name: string; readonly row: CatalogItem }
  | { readonly status: 'write'; readonly name: string; readonly entry: Entry<CatalogItem> };

/** Versions of one item that AppendNumber keeps; more than that is something gone wrong. */
const maxVersions = 1_000;
const maxSkippedVersions = 50;

/**
 * Looks at the item's row, brings it up to what is in the store, and reserves a name where one is needed. To be done
 * again on StateConflict. `begin` starts with it, and `commit` goes round it until it says that nothing is left to do,
 * so that a repeat after a crash is nothing else than one more turn.
 */
export async function prepare(context: FileContext, item: FileItem, own?: OwnPut): Promise<Step> {
  const known = await context.catalog.item(item.key);
  let entry =
    known === undefined
      ? await reserveName(context, item, undefined)
      : await settle(context, item, known, own);
  if (known !== undefined && entry.value.state === 'skipped') entry = await reserveName(context, item, entry);
  const row = entry.value;
  if (row.state === 'skipped') return { status: 'skipped', name: row.name, row };
  if (row.state === 'reserved') return { status: 'write', name: row.name, entry };
  return judge(context, item, entry);
}

/** An item that has a file: is this reading another one, and a newer one? */
async function judge(context: FileContext, item: FileItem, entry: Entry<CatalogItem>): Promise<Step> {
  const row = entry.value;
  const current = currentFile(row);
  if (current === undefined)
    throw new Error(`The catalog row of ${item.key} says ${row.state} but has no file.`);
  const file = storedFile(current);
  const { version } = item;
  if (version === undefined) return { status: 'unchanged', file, row };
  if (row.version?.hash === version.hash) {
    // Remembered, so that what was read in between does not look newer than this.
    if (compareVersions(version, row.version) > 0) await context.catalog.update(entry, { ...row, version });
    return { status: 'unchanged', file, row };
  }
  const order = row.version === undefined ? 1 : compareVersions(version, row.version);
  if (order < 0) return { status: 'older', file, row };
  if (order === 0 && row.earlier?.some((earlier) => earlier.version?.hash === version.hash)) {
    return { status: 'unchanged', file, row };
  }
  if (context.handling === 'Overwrite') return { status: 'write', name: row.name, entry };
  if (context.handling === 'Skip') return skipVersion(context, entry, version);
  if ((row.earlier?.length ?? 0) >= maxVersions) {
    const told = `${item.key} has more than ${maxVersions} versions at "${context.destination}"; it is set aside.`;
    throw new Failure('item', 'too-many-versions', told);
  }
  const reserved = row.next === undefined ? await reserveNext(context, item, entry) : entry;
  const name = reserved.value.next;
  if (name === undefined) throw new StateConflict('another attempt has used the reserved name');
  return { status: 'write', name, entry: reserved };
}

async function skipVersion(
  context: FileContext,
  entry: Entry<CatalogItem>,
  version: ItemVersion,
): Promise<Step> {
  const row = entry.value;
  const known = row.skippedVersions ?? [];
  if (!known.some(({ hash }) => hash === version.hash)) {
    const skippedVersions = [...known, version].slice(-maxSkippedVersions);
    await context.catalog.update(entry, { ...row, skippedVersions });
  }
  return { status: 'skipped', name: row.name, row };
}

import { type CatalogFile, type CatalogItem, currentFile, listCatalogItems } from '../catalog.ts';
import { journalEvents } from '../manifest/journal-rows.ts';
import type { VerifyContext } from './verify-context.ts';

/** The files that a row says are there. */
export function filesOf(row: CatalogItem): readonly CatalogFile[] {
  const current = row.state === 'stored' ? currentFile(row) : undefined;
  const files = current === undefined ? (row.earlier ?? []) : [...(row.earlier ?? []), current];
  return files.filter(({ replacedBy }) => replacedBy === undefined);
}

/**
 * First the catalog, then the journal, then (elsewhere) the manifests: what happens meanwhile goes the same way, so
 * that nothing the catalog knew is missed in what is read after it.
 */
export async function readCatalogAndJournal({ catalog, index, progress }: Reading): Promise<void> {
  let done = 0;
  for await (const row of listCatalogItems(catalog.state, catalog.destinationId)) {
    for (const { name, size, sha256, storedAt } of filesOf(row))
      index.catalog({ name, item: row.key, size, sha256, at: storedAt });
    for (const { name, sha256 } of row.promised ?? []) index.promise(name, sha256);
    if (++done % 1000 === 0) progress(done);
  }
  for await (const event of journalEvents(catalog)) index.tell(event);
  progress(done);
}

type Reading = Pick<VerifyContext, 'catalog' | 'index'> & { progress(done: number): void };

/** What the catalog says of a name now. */
export async function catalogedNow(
  { catalog }: Pick<VerifyContext, 'catalog'>,
  name: string,
): Promise<{ readonly row: CatalogItem; readonly file: CatalogFile | undefined } | undefined> {
  const owner = await catalog.name(name);
  const row = owner === undefined ? undefined : (await catalog.item(owner.value.item))?.value;
  if (row === undefined) return undefined;
  return { row, file: filesOf(row).find((file) => file.name === name) };
}

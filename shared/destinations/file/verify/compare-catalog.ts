import { catalogedNow } from './read-catalog.ts';
import type { VerifyContext } from './verify-context.ts';
import type { Doubt } from './verify-index.ts';

/** Names every file of which the catalog and the manifests say something else, unless it has changed meanwhile. */
export async function compareCatalog(context: VerifyContext): Promise<void> {
  let vouched = 0;
  for (const doubt of context.index.doubts()) {
    if (await isSettled(context, doubt)) continue;
    const { told, catalogued, name } = doubt;
    if (told === undefined || told.gone) {
      if (catalogued === undefined) continue;
      context.index.settle(name, catalogued);
      if (context.lostManifests > 0) vouched++;
      else
        context.difference(
          'catalog-differs',
          name,
          told === undefined
            ? 'the catalog says it is stored, and no manifest names it'
            : `the catalog says it is stored, the manifests that it was removed at ${told.at}`,
        );
    } else if (catalogued === undefined)
      context.difference('catalog-differs', name, 'a manifest names it, and the catalog does not know it');
    else if (context.lostManifests > 0 && catalogued.at > told.at) {
      context.index.settle(name, catalogued);
      vouched++;
    } else
      context.difference(
        'catalog-differs',
        name,
        `the manifests say ${told.size} bytes, SHA-256 ${told.sha256}; the catalog says ${catalogued.size} bytes, ${catalogued.sha256}`,
      );
  }
  if (vouched > 0)
    context.note(
      'unfinished',
      '.manifests',
      `${vouched} files were compared with the catalog alone: the manifests that name them cannot be believed`,
    );
}

/** Whether what the catalog says now explains it; then that is what is expected. */
async function isSettled(context: VerifyContext, { name, told, catalogued }: Doubt): Promise<boolean> {
  const now = await catalogedNow(context, name);
  const file = now?.file;
  if (now !== undefined && file === undefined && told !== undefined && !told.gone) {
    // Overwrite takes a name before it replaces the file: the next attempt goes on.
    const begun = now.row.promised?.some((promise) => promise.name === name) === true;
    if (begun) context.note('unfinished', name, 'another file is about to take its place');
    return begun;
  }
  const wasThere = catalogued !== undefined || context.lostManifests > 0;
  if (now === undefined && told !== undefined && !told.gone && wasThere) {
    const row = (await context.catalog.item(told.item))?.value;
    return row?.state === 'pruned';
  }
  if (now === undefined || file === undefined) return false;
  const changed = file.storedAt > (catalogued?.at ?? '') && file.storedAt > (told?.at ?? '');
  const same = told !== undefined && !told.gone && told.sha256 === file.sha256 && told.size === file.size;
  if (changed) {
    const { size, sha256, storedAt } = file;
    context.index.settle(name, { item: now.row.key, size, sha256, at: storedAt });
  }
  return changed || same;
}

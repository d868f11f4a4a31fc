import type { Verified, VerifyRequest } from '../../evidence.ts';
import type { Catalog } from '../catalog.ts';
import type { FileStore } from '../file-store.ts';
import { checkChain } from './check-chain.ts';
import { checkFiles } from './check-files.ts';
import { checkListing } from './check-listing.ts';
import { compareCatalog } from './compare-catalog.ts';
import { readCatalogAndJournal } from './read-catalog.ts';
import { VerifyContext } from './verify-context.ts';
import { VerifyIndex } from './verify-index.ts';

/**
 * Holds a destination's files against its manifests and its catalog. Runs may go on meanwhile: what differs is looked
 * at a second time before it is named.
 */
export async function verifyFiles(
  catalog: Catalog,
  store: FileStore,
  request: VerifyRequest,
): Promise<Verified> {
  const index = new VerifyIndex();
  try {
    const context = new VerifyContext(catalog, store, index, request);
    await readCatalogAndJournal({ catalog, index, progress: (done) => context.progress('catalog', done) });
    const head = await checkChain(context);
    await compareCatalog(context);
    await checkListing(context);
    await checkFiles(context);
    const { files, bytes, manifests, differences, notes } = context;
    const { gone: pruned } = index.count();
    return { files, bytes, manifests, pruned, differences, notes, ...(head === undefined ? {} : { head }) };
  } finally {
    index.close();
  }
}

import { Failure } from '../../../errors.ts';
import { listAll } from '../../../state/list-all.ts';
import { type Entry, type Operation, StateConflict } from '../../../state/state-store.ts';
import type { Catalog, CatalogItem } from '../catalog.ts';
import type { FileStat, FileStore } from '../file-store.ts';
import { isImmutable } from '../immutable.ts';
import { aboutItem, journalInsert, timeAfter } from '../journal.ts';
import { hashOf } from '../settle.ts';
import { type KeptFile, keptEnd, keptKey, keptPrefix } from './kept-files.ts';

export interface PruneContext {
  /** Destination Name. */
  readonly destination: string;
  readonly catalog: Catalog;
  readonly store: FileStore;
  /** Retention Count: how many are kept besides the newest of each site. */
  readonly keep: number;
  readonly run: string;
  now(): Date;
}

export interface Pruned {
  readonly removed: number;
  readonly alarms: readonly string[];
}

const maxTurns = 20;

/**
 * Removes the backups of each site that Retention Count does not keep (IC guide): only files that the catalog knows as
 * stored here, and that are still what was stored. Each goes: row marked → file removed while it is the one that was
 * looked at → row, name and tombstone in one batch. Who comes after a death in between goes on.
 */
export async function pruneBackups(context: PruneContext): Promise<Pruned> {
  const done = { removed: 0, alarms: [] as string[] };
  const sites = Map.groupBy(await keptFiles(context.catalog), ({ siteId }) => siteId);
  for (const [siteId, files] of sites) {
    const byAge = files.toSorted((a, b) => (a.instant < b.instant ? -1 : a.instant > b.instant ? 1 : 0));
    const surplus = byAge.slice(0, Math.max(0, byAge.length - 1 - context.keep));
    const newest = byAge.at(-1);
    if (surplus.length === 0 || newest === undefined) continue;
    if (!(await isThere(context, newest))) {
      done.alarms.push(
        `The newest backup of ${siteId} at "${context.destination}" is not there as it was stored; Retention Count removes nothing of this site.`,
      );
      continue;
    }
    let fixed = 0;
    for (const file of surplus) {
      const outcome = await prune(context, file);
      if (outcome === 'removed') done.removed++;
      else if (outcome === 'immutable') fixed++;
      else if (outcome !== undefined) done.alarms.push(outcome.alarm);
    }
    if (fixed > 0)
      done.alarms.push(
        `${fixed} backups of ${siteId} at "${context.destination}" are more than Retention Count keeps, but the storage is immutable: they stay.`,
      );
  }
  return done;
}

async function keptFiles({ state, partition }: Catalog): Promise<KeptFile[]> {
  const files: KeptFile[] = [];
  const range = { from: keptPrefix, before: keptEnd };
  for await (const { value } of listAll<KeptFile>(state, 'catalog', partition, range)) files.push(value);
  return files;
}

async function isThere({ catalog, store }: PruneContext, { item }: KeptFile): Promise<boolean> {
  const row = (await catalog.item(item))?.value;
  if (row?.state !== 'stored') return false;
  const stat = await store.stat(row.name);
  return stat !== undefined && stat.size === row.size;
}

type Outcome = 'removed' | 'immutable' | { readonly alarm: string } | undefined;

async function prune(context: PruneContext, file: KeptFile): Promise<Outcome> {
  for (let turn = 1; ; turn++) {
    try {
      const outcome = await pruneOnce(context, file);
      if (outcome !== 'again' || turn === maxTurns) return outcome === 'again' ? undefined : outcome;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (turn < maxTurns) continue;
      const told = `The catalog of "${context.destination}" keeps being changed by others; the next run goes on.`;
      throw new Failure('transient', 'catalog-busy', told, { cause: error });
    }
  }
}

async function pruneOnce(context: PruneContext, file: KeptFile): Promise<Outcome | 'again'> {
  const { catalog, store, destination, keep } = context;
  const entry = await catalog.item(file.item);
  const row = entry?.value;
  const owner = row === undefined ? undefined : await catalog.name(row.name);
  // Another item has overwritten it, or it is gone already: no file of this item is left.
  if (entry === undefined || row?.state !== 'stored' || owner?.value.item !== row.key) {
    await catalog.batch([{ op: 'remove', key: keptKey(file.item) }]);
    return undefined;
  }
  const stat = await store.stat(row.name);
  if (stat !== undefined && (await isSame(store, row, stat))) {
    if (row.pruning === undefined) {
      const at = timeAfter(context.now(), row.storedAt).toISOString();
      await catalog.update(entry, { ...row, pruning: { at, why: `Retention Count ${keep}` } });
      return 'again';
    }
    try {
      return (await store.remove(row.name, stat.tag)) ? await bury(context, entry) : 'again';
    } catch (error) {
      if (!isImmutable(error)) throw error;
      const { pruning: _, ...kept } = row;
      await catalog.update(entry, kept);
      return 'immutable';
    }
  }
  // It was to be removed, and is not there: whoever removed it died before this.
  if (row.pruning !== undefined) {
    const buried = await bury(context, entry);
    if (stat === undefined) return buried;
    return { alarm: `${row.name} at "${destination}" was removed, and another file lies there now.` };
  }
  if (stat !== undefined)
    return {
      alarm: `${row.name} at "${destination}" was changed after it was stored; Retention Count leaves it alone.`,
    };
  await catalog.batch([{ op: 'remove', key: keptKey(file.item) }]);
  return { alarm: `${row.name} at "${destination}" was removed by somebody else.` };
}

/** Still what was stored: the very file, or another with the same content (one that was moved or put back). */
async function isSame(store: FileStore, row: CatalogItem, stat: FileStat): Promise<boolean> {
  if (stat.size !== row.size) return false;
  if (stat.tag === row.tag) return true;
  return (stat.sha256 ?? (await hashOf(store.read(row.name)))) === row.sha256;
}

/** Tombstone, and the name is free again. */
async function bury(context: PruneContext, entry: Entry<CatalogItem>): Promise<Outcome> {
  const { pruning, promised: _, touch: __, ...row } = entry.value;
  const { size, sha256, verified, storedAt, name, key } = row;
  if (pruning === undefined || size === undefined || sha256 === undefined) return undefined;
  if (verified === undefined || storedAt === undefined) return undefined;
  const owner = await context.catalog.name(name);
  const operations: Operation[] = [
    { op: 'update', key: entry.key, value: { ...row, state: 'pruned', pruned: pruning }, etag: entry.etag },
    { op: 'remove', key: keptKey(key) },
    journalInsert({
      event: 'pruned',
      at: pruning.at,
      name,
      size,
      sha256,
      verified,
      storedAt,
      ...aboutItem(row),
      run: context.run,
      why: pruning.why,
    }),
  ];
  if (owner?.value.item === key) operations.push({ op: 'remove', key: owner.key, etag: owner.etag });
  await context.catalog.batch(operations);
  return 'removed';
}

import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { StateConflict } from '../../state/state-store.ts';
import type { FileItem } from '../destination.ts';
import type { Catalog, CatalogItem } from './catalog.ts';
import type { ConflictHandling } from './conflict.ts';
import type { FileStore } from './file-store.ts';

/** What every step of a file destination works with. */
export interface FileContext {
  /** Destination Name. */
  readonly destination: string;
  readonly catalog: Catalog;
  readonly store: FileStore;
  readonly handling: ConflictHandling;
  /** What the settings say, where the storage does not let it be done. */
  readonly insteadOf?: 'Overwrite';
  /** Whether the storage has refused to replace a file: it will refuse again. */
  readonly immutable: { seen: boolean };
  /** Without a number of AppendNumber. */
  render(item: FileItem): string;
  now(): Date;
  readonly log: Log;
}

/** The part of an item's row that comes from the item. */
export function itemFacts(item: FileItem): Pick<CatalogItem, 'key' | 'stream' | 'siteId' | 'host'> {
  const { siteId, host, applianceId, apiVersion } = item.origin;
  return {
    key: item.key,
    stream: item.stream,
    siteId,
    host,
    ...(applianceId === undefined ? {} : { applianceId }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

const turns = 100;

/** Does the work again, from the start, as long as others change the catalog meanwhile. */
export async function whileConflicting<R>(
  context: FileContext,
  item: FileItem,
  work: () => Promise<R>,
): Promise<R> {
  for (let turn = 1; ; turn++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (turn === turns) {
        const told = `The catalog entry of ${item.key} at "${context.destination}" keeps changing; try again later.`;
        throw new Failure('transient', 'catalog-busy', told, { cause: error });
      }
      await delay(Math.random() * Math.min(turn, 20) * 5);
    }
  }
}

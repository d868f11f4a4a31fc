import { createHash } from 'node:crypto';
import { type Operation, stateKey } from '../../../state/state-store.ts';
import type { FileItem } from '../../destination.ts';
import type { CatalogItem } from '../catalog.ts';

/** Data types that Retention Count is about (IC guide: the number of prior backups to keep). */
const counted: ReadonlySet<string> = new Set(['backup']);

/** A row for each stored file that Retention Count counts, so that nobody walks the whole catalog for a few backups. */
export interface KeptFile {
  /** Key of the item. */
  readonly item: string;
  readonly siteId: string;
  /** The snapshot's instant, `YYYYMMDDTHHMMSSZ`: what the files of a site are ordered by. */
  readonly instant: string;
}

export const keptPrefix = 'kept|';
export const keptEnd = 'kept~';

export function keptRow(item: FileItem, { key, siteId, stream }: CatalogItem): Operation[] {
  if (!counted.has(stream)) return [];
  const value: KeptFile = { item: key, siteId, instant: item.values.LSID ?? key };
  return [{ op: 'put', key: keptKey(key), value }];
}

/** Item keys can be longer than a key may be. */
export function keptKey(item: string): string {
  return stateKey('kept', createHash('sha256').update(item).digest('hex'));
}

import { randomUUID } from 'node:crypto';
import type { CatalogFile, CatalogItem, ItemVersion, PromisedFile, ReplacedBy } from './catalog.ts';
import { currentFile } from './catalog.ts';

/** Below zero when `a` is the older reading: open before closed, then by the appliance's time of reading. */
export function compareVersions(a: ItemVersion, b: ItemVersion): number {
  return Number(a.closed) - Number(b.closed) || a.readAt - b.readAt;
}

/** A promise whose attempt may still be at work is kept this long; from promise to file it takes seconds. */
const promiseMs = 3600 * 1000;

/**
 * The row once a promised content was found under its name.
 *
 * @param keep whether attempts may still replace this file, which is so for Overwrite only
 */
export function storedRow(
  row: CatalogItem,
  found: PromisedFile,
  tag: string,
  at: Date,
  keep: boolean,
): CatalogItem {
  const { next, promised = [], earlier = [], skippedVersions, touch: ___, ...kept } = row;
  const { replacedBy: _, version: __, ...rest } = kept;
  const before = currentFile(row);
  const files = before === undefined || before.name === found.name ? earlier : [...earlier, before];
  const inFlight = promised.filter(
    (other) =>
      keep &&
      other.name === found.name &&
      other.sha256 !== found.sha256 &&
      at.getTime() - Date.parse(other.at) < promiseMs,
  );
  return {
    ...rest,
    state: 'stored',
    name: found.name,
    size: found.size,
    sha256: found.sha256,
    verified: found.verified,
    storedAt: at.toISOString(),
    tag,
    ...(found.version === undefined ? {} : { version: found.version }),
    ...(next === undefined || next === found.name ? {} : { next }),
    ...(files.length === 0 ? {} : { earlier: files }),
    ...(skippedVersions === undefined ? {} : { skippedVersions }),
    ...(inFlight.length === 0 ? {} : { promised: inFlight }),
  };
}

/** The row of an item whose file `name` another item is about to overwrite. */
export function replacedRow(row: CatalogItem, name: string, by: ReplacedBy): CatalogItem {
  if (row.name === name) {
    // A reservation has nothing to lose; it takes the name back when it is ready.
    return row.state === 'reserved' || row.state === 'skipped'
      ? row
      : { ...row, state: 'replaced', replacedBy: by };
  }
  const mark = (file: CatalogFile) => (file.name === name ? { ...file, replacedBy: by } : file);
  return row.earlier === undefined ? row : { ...row, earlier: row.earlier.map(mark) };
}

/** The row with one promise more. */
export function promisedRow(row: CatalogItem, promise: PromisedFile): CatalogItem {
  const others = (row.promised ?? []).filter((other) => !samePromise(other, promise));
  return { ...row, promised: [...others, promise].slice(-32), touch: randomUUID() };
}

export function samePromise(a: PromisedFile, b: PromisedFile): boolean {
  return a.name === b.name && a.sha256 === b.sha256 && a.version?.hash === b.version?.hash;
}

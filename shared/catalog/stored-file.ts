import type { FileEvidence, StoredFile } from '../destinations/destination.ts';
import {
  type CatalogFile,
  type CatalogItem,
  currentFile,
  readCatalogItem,
  storedFile,
} from '../destinations/file/catalog.ts';
import type { StateStore } from '../state/state-store.ts';
import { type FileReference, fileId, readFileId, versionOf } from './file-id.ts';

/**
 * - `stored`: it is there
 * - `earlier`: an earlier version, which is there too
 * - `replaced`: another item's file has its name (Overwrite)
 * - `pruned`: removed by Retention Count
 * - `skipped`: it was never stored, since its name was taken (Skip)
 */
export type ListedState = 'stored' | 'earlier' | 'replaced' | 'pruned' | 'skipped';

/** A file as lists have it: metadata only. */
export interface ListedFile {
  /** For asking for it; absent when it was never stored. */
  readonly id?: string;
  readonly destination: string;
  readonly site: string;
  /** The recorded host name. */
  readonly host: string;
  readonly stream: string;
  readonly state: ListedState;
  readonly name: string;
  readonly size?: number;
  readonly sha256?: string;
  readonly verified?: FileEvidence;
  /** ISO 8601, our clock. */
  readonly storedAt?: string;
  readonly applianceId?: string;
  readonly apiVersion?: string;
  /** Skip: so many versions came later and were not stored. */
  readonly skippedVersions?: number;
  /** Of `pruned` and `replaced`: when it went, and why. */
  readonly goneAt?: string;
  readonly why?: string;
}

/** A file that was asked for by its id, with what has to be known to give it out. */
export interface FoundFile {
  readonly listed: ListedFile;
  readonly file: StoredFile;
}

/** What lists show of an item: its file, then earlier versions, the latest first. Nothing of a mere reservation. */
export function listedFiles(destinationId: string, item: CatalogItem): ListedFile[] {
  const about = aboutOf(destinationId, item);
  const files: ListedFile[] = [];
  if (item.state === 'skipped') files.push({ ...about, state: 'skipped', name: item.name });
  else if (item.state !== 'reserved') {
    const current = currentFile(item);
    if (current) files.push(shown(about, item, current, item.state));
  }
  for (const file of (item.earlier ?? []).toReversed())
    files.push(shown(about, item, file, file.replacedBy ? 'replaced' : 'earlier'));
  return files;
}

/** Undefined when the catalog knows nothing of that id. */
export async function findFile(state: StateStore, id: string): Promise<FoundFile | undefined> {
  const asked = readFileId(id);
  const item = asked && (await readCatalogItem(state, asked.destinationId, asked.item));
  if (!asked || !item) return undefined;
  const file = fileOf(item, asked);
  if (!file) return undefined;
  const listed = listedFiles(asked.destinationId, item).find(({ name }) => name === file.name);
  return listed && { listed, file: storedFile(file) };
}

function fileOf(item: CatalogItem, { version }: FileReference): CatalogFile | undefined {
  const hasFile = item.state !== 'reserved' && item.state !== 'skipped';
  const current = hasFile ? currentFile(item) : undefined;
  return [...(current ? [current] : []), ...(item.earlier ?? [])].find(
    ({ name }) => versionOf(name) === version,
  );
}

function shown(
  about: Omit<ListedFile, 'state' | 'name'>,
  item: CatalogItem,
  { name, size, sha256, verified, storedAt, replacedBy }: CatalogFile,
  state: ListedState,
): ListedFile {
  const gone = state === 'pruned' ? item.pruned : undefined;
  return {
    id: fileId(about.destination, item.key, name),
    ...about,
    state,
    name,
    size,
    sha256,
    verified,
    storedAt,
    ...(item.skippedVersions && state !== 'earlier' ? { skippedVersions: item.skippedVersions.length } : {}),
    ...(gone && { goneAt: gone.at, why: gone.why }),
    ...(replacedBy && { goneAt: replacedBy.at, why: 'Another file was stored under its name (Overwrite).' }),
  };
}

function aboutOf(
  destinationId: string,
  { siteId, host, stream, applianceId, apiVersion }: CatalogItem,
): Omit<ListedFile, 'state' | 'name'> {
  return {
    destination: destinationId,
    site: siteId,
    host,
    stream,
    ...(applianceId === undefined ? {} : { applianceId }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

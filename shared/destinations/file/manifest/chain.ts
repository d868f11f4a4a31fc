import { type Entry, type Operation, StateConflict, stateKey } from '../../../state/state-store.ts';
import type { Catalog } from '../catalog.ts';
import type { ManifestLink } from './manifest-file.ts';

/** Row `chain` of a destination's catalog: where its chain of manifests ends. Moved under its ETag. */
export interface Chain {
  /** Of the last manifest; 0 while there is none. */
  readonly sequence: number;
  readonly last?: ManifestLink;
  /** Contents that may become the next manifest: whichever is found under its name is the one. */
  readonly promised?: readonly PromisedManifest[];
  /** The lines of the last manifest are still being taken out of the journal. */
  readonly clearing?: true;
}

export interface PromisedManifest extends ManifestLink {
  readonly run: string;
  readonly lines: number;
  /** Nothing that belongs to the run is left after it. */
  readonly ends: boolean;
  /** ISO 8601, our clock. */
  readonly at: string;
}

/** Row `manifest|…`: a witness of each manifest beside the chain itself. */
export interface ManifestRow extends ManifestLink {
  readonly sequence: number;
  readonly run: string;
  readonly lines: number;
  /** ISO 8601, our clock. */
  readonly at: string;
}

const chainKey = 'chain';
const maxPromises = 16;

export const manifestRowKey = (sequence: number): string =>
  stateKey('manifest', String(sequence).padStart(10, '0'));
const sealedKey = (run: string): string => stateKey('sealed', run);

export async function readChain({ state, partition }: Catalog): Promise<Entry<Chain> | undefined> {
  return state.get<Chain>('catalog', partition, chainKey);
}

/** Made where there is none yet. */
export async function openChain(catalog: Catalog): Promise<Entry<Chain>> {
  const { state, partition } = catalog;
  const known = await readChain(catalog);
  if (known !== undefined) return known;
  const value: Chain = { sequence: 0 };
  try {
    return { key: chainKey, value, etag: await state.insert('catalog', partition, chainKey, value) };
  } catch (error) {
    const other = error instanceof StateConflict ? await readChain(catalog) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

export async function promiseManifest(
  { state, partition }: Catalog,
  entry: Entry<Chain>,
  promise: PromisedManifest,
): Promise<void> {
  const promised = [...(entry.value.promised ?? []), promise].slice(-maxPromises);
  await state.update('catalog', partition, chainKey, { ...entry.value, promised }, entry.etag);
}

/** The manifest is there: it is the last one now. */
export async function moveChain(
  { state, partition }: Catalog,
  entry: Entry<Chain>,
  { name, sha256, run, lines, ends, at }: PromisedManifest,
): Promise<void> {
  const sequence = entry.value.sequence + 1;
  const value: Chain = { sequence, last: { name, sha256 }, clearing: true };
  const row: ManifestRow = { sequence, name, sha256, run, lines, at };
  const operations: Operation[] = [
    { op: 'update', key: chainKey, value, etag: entry.etag },
    { op: 'put', key: manifestRowKey(sequence), value: row },
  ];
  if (ends) operations.push({ op: 'put', key: sealedKey(run), value: { sequence } });
  await state.batch('catalog', partition, operations);
}

export async function endClearing({ state, partition }: Catalog, entry: Entry<Chain>): Promise<void> {
  const { clearing: _, ...value } = entry.value;
  await state.update('catalog', partition, chainKey, value, entry.etag);
}

/** Whether a run has all its manifests. */
export async function isSealed({ state, partition }: Catalog, run: string): Promise<boolean> {
  return (await state.get('catalog', partition, sealedKey(run))) !== undefined;
}

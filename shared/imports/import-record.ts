import { Failure } from '../errors.ts';
import { listAll } from '../state/list-all.ts';
import { type Entry, StateConflict, type StateStore, stateKey } from '../state/state-store.ts';

/** A file that is sent in parts, to be loaded. */
export interface ImportRecord {
  readonly id: string;
  /** As whoever sent it calls it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes of every part but the last, which has the rest. */
  readonly partBytes: number;
  /** As it was said to be; else it is looked at. */
  readonly kind?: ImportKind;
  /** ISO 8601, our clock. */
  readonly createdAt: string;
  readonly createdBy: string;
  /** When something was done with it last. ISO 8601, our clock. */
  readonly touchedAt: string;
  /** The run that loads it, or loaded it last. */
  readonly runId?: string;
}

export type ImportKind = 'xml' | 'zip';

export interface PartRecord {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Something of a file that was not loaded, and why. */
export interface ImportFault {
  /** Name of the XML file. */
  readonly file: string;
  /** Bytes from its start; absent where it is not about a place in it. */
  readonly at?: number;
  readonly lsid?: string;
  readonly reason: string;
}

/** The platform cuts requests at about 100 MB. */
export const MOST_PART_BYTES = 32 * 1024 * 1024;
/** Such uploads are refused: years of sessions of a large installation fit. */
export const MOST_BYTES = 64 * 1024 ** 3;
export const MOST_PARTS = 10_000;

export function partsOf({ size, partBytes }: Pick<ImportRecord, 'size' | 'partBytes'>): number {
  return Math.ceil(size / partBytes);
}

/** How long the part has to be; parts are counted from 1. */
export function lengthOfPart(record: Pick<ImportRecord, 'size' | 'partBytes'>, part: number): number {
  return Math.min(record.partBytes, record.size - (part - 1) * record.partBytes);
}

/** Everything that is staged of uploads is below this: sweeping what runs left passes it over. */
export const STAGED_IMPORTS = 'imports';

export function partName(id: string, part: number): string {
  return `${STAGED_IMPORTS}/${id}/${String(part).padStart(5, '0')}`;
}

export const isImportId = (id: string): boolean => /^[0-9a-f]{16}$/.test(id);

/** Throws `Failure` `not-found`. */
export async function getImport(state: StateStore, id: string): Promise<Entry<ImportRecord>> {
  const entry = isImportId(id) ? await state.get<ImportRecord>('imports', 'import', id) : undefined;
  if (entry) return entry;
  throw new Failure('terminal', 'not-found', `There is no import of the id "${id.slice(0, 40)}".`);
}

/** Changes the record under its ETag, again when somebody else did so meanwhile. */
export async function changeImport(
  state: StateStore,
  id: string,
  change: (record: ImportRecord) => ImportRecord,
): Promise<ImportRecord> {
  for (;;) {
    const { value, etag } = await getImport(state, id);
    const next = change(value);
    try {
      await state.update('imports', 'import', id, next, etag);
      return next;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

export function putPart(state: StateStore, id: string, part: number, record: PartRecord): Promise<string> {
  return state.put('imports', stateKey('part', id), String(part).padStart(5, '0'), record);
}

/** By number. */
export async function partsThere(state: StateStore, id: string): Promise<Map<number, PartRecord>> {
  const parts = new Map<number, PartRecord>();
  for await (const { key, value } of listAll<PartRecord>(state, 'imports', stateKey('part', id)))
    parts.set(Number(key), value);
  return parts;
}

const faultsOf = (id: string, runId: string) => stateKey('fault', id, runId);

/** Under a name of its own, so that a repeat of the work tells of it once. */
export async function putFault(
  state: StateStore,
  id: string,
  runId: string,
  key: string,
  fault: ImportFault,
): Promise<void> {
  await state.put('imports', faultsOf(id, runId), stateKey(key), fault);
}

export async function listFaults(
  state: StateStore,
  id: string,
  runId: string,
  range: { readonly from?: string; readonly limit: number },
): Promise<{ readonly faults: readonly ImportFault[]; readonly next?: string }> {
  const { entries, next } = await state.list<ImportFault>('imports', faultsOf(id, runId), range);
  return { faults: entries.map(({ value }) => value), ...(next === undefined ? {} : { next }) };
}

export async function removeFaults(state: StateStore, id: string, runId: string): Promise<void> {
  await removeRows(state, faultsOf(id, runId));
}

export async function removeParts(state: StateStore, id: string): Promise<void> {
  await removeRows(state, stateKey('part', id));
}

async function removeRows(state: StateStore, partition: string): Promise<void> {
  for (;;) {
    const { entries } = await state.list('imports', partition, { limit: 100 });
    if (entries.length === 0) return;
    await state.batch(
      'imports',
      partition,
      entries.map(({ key }) => ({ op: 'remove', key })),
    );
  }
}

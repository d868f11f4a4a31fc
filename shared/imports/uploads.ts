import { createHash, randomBytes } from 'node:crypto';
import { Failure } from '../errors.ts';
import { getRun, isFinished, type Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import {
  changeImport,
  getImport,
  type ImportKind,
  type ImportRecord,
  lengthOfPart,
  MOST_PARTS,
  type PartRecord,
  partName,
  partsOf,
  partsThere,
  putPart,
  removeFaults,
  removeParts,
} from './import-record.ts';
import { removeCredentials } from './load-credentials.ts';

type Ports = Pick<Services, 'state' | 'staging' | 'now'>;

export interface NewImport {
  readonly name: string;
  readonly size: number;
  readonly partBytes: number;
  readonly kind?: ImportKind;
  readonly by: string;
}

/** Throws `Failure` `bad-request` where it has too many parts. */
export async function createImport({ state, now }: Ports, wanted: NewImport): Promise<ImportRecord> {
  const { name, size, partBytes, kind, by } = wanted;
  if (partsOf({ size, partBytes }) > MOST_PARTS)
    throw new Failure('terminal', 'bad-request', `partBytes: at most ${MOST_PARTS} parts; make them larger.`);
  const at = new Date(now()).toISOString();
  const record: ImportRecord = {
    id: randomBytes(8).toString('hex'),
    name,
    size,
    partBytes,
    ...(kind === undefined ? {} : { kind }),
    createdAt: at,
    createdBy: by,
    touchedAt: at,
  };
  await state.insert('imports', 'import', record.id, record);
  return record;
}

/**
 * Keeps one part; a repeat replaces it. Throws `Failure`: `not-found`, `bad-request` (its number or length),
 * `digest-mismatch`, `import-going`.
 * @param sha256 hex, as the sender has it
 */
export async function storePart(
  services: Ports,
  id: string,
  part: number,
  bytes: Uint8Array,
  sha256?: string,
): Promise<PartRecord> {
  const { state, staging, now } = services;
  const { value: record } = await getImport(state, id);
  const count = partsOf(record);
  if (part > count) throw new Failure('terminal', 'bad-request', `Path: number: there are ${count} parts.`);
  const wanted = lengthOfPart(record, part);
  if (bytes.length !== wanted)
    throw new Failure(
      'terminal',
      'bad-request',
      `Body: part ${part} has ${wanted} bytes, and ${bytes.length} came.`,
    );
  await refuseGoing(services, record);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== undefined && sha256 !== found)
    throw new Failure(
      'terminal',
      'digest-mismatch',
      `Body: part ${part} is not what Content-Digest says: send it again.`,
    );
  await staging.write(partName(id, part), once(bytes));
  const stored: PartRecord = { bytes: bytes.length, sha256: found };
  // After the bytes: what is told to be there is there.
  await putPart(state, id, part, stored);
  await changeImport(state, id, (before) => ({ ...before, touchedAt: new Date(now()).toISOString() }));
  return stored;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Parts that have not come, by number. */
export async function missingParts({ state }: Pick<Ports, 'state'>, record: ImportRecord): Promise<number[]> {
  const there = await partsThere(state, record.id);
  const numbers = Array.from({ length: partsOf(record) }, (_, index) => index + 1);
  return numbers.filter((part) => !there.has(part));
}

/** The run that loads it; undefined when there is none any more. */
export async function runOf(
  { state }: Pick<Ports, 'state'>,
  { runId }: Pick<ImportRecord, 'runId'>,
): Promise<Run | undefined> {
  return runId === undefined ? undefined : getRun(state, runId);
}

export async function refuseGoing(services: Pick<Ports, 'state'>, record: ImportRecord): Promise<void> {
  const run = await runOf(services, record);
  if (!run || isFinished(run)) return;
  throw new Failure(
    'terminal',
    'import-going',
    `"${record.name}" (import ${record.id}) is being loaded: wait for its end, or cancel it.`,
  );
}

/** Takes everything of it away: parts, faults, what was given for its load, and the record last. */
export async function removeImport({ state, staging }: Ports, record: ImportRecord): Promise<void> {
  const { id, runId } = record;
  await removeCredentials(state, id);
  for (let part = 1; part <= partsOf(record); part++) await staging.remove(partName(id, part));
  await removeParts(state, id);
  if (runId !== undefined) await removeFaults(state, id, runId);
  await state.remove('imports', 'import', id);
}

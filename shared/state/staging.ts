import { Failure } from '../errors.ts';

/**
 * Where a run keeps what it read until every destination has it: report slices as they were sent. Two adapters, a
 * folder and Azure Blob, pass one contract test. Names are parts of `A-Z a-z 0-9 . _ = -` joined by `/`, at most 512
 * characters; no part begins with a full stop.
 *
 * All throw Failure: `disk-full` and `no-access` are terminal, the rest transient.
 */
export interface StagingStore {
  /** Visible under the name only when whole and durable; replaces what was there. A failing source leaves nothing. */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<StagedContent>;
  /**
   * The bytes as written; of a range those in it, as far as there are any. `staging-missing` (transient) when there is
   * nothing: read the appliance again.
   */
  read(name: string, range?: StagedRange): AsyncIterable<Uint8Array>;
  /** Absent is fine. */
  remove(name: string): Promise<void>;
  /** Every whole name that begins with the text, in order of character code. */
  list(prefix: string): AsyncIterable<{ readonly name: string }>;
}

/** `from` inclusive, `to` exclusive, at least one byte. */
export interface StagedRange {
  readonly from: number;
  readonly to: number;
}

export interface StagedContent {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export function checkStagingName(name: string): void {
  const fits =
    name.length <= 512 &&
    name.split('/').every((part) => /^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}$/.test(part));
  if (!fits) throw new RangeError(`"${name}" is not a name for staging.`);
}

export function stagingMissing(name: string, where: string): Failure {
  return new Failure(
    'transient',
    'staging-missing',
    `${name} is not staged in ${where}; it has to be read again.`,
  );
}

import { Failure } from '../errors.ts';
import type { StagingStore } from '../state/staging.ts';
import { type ImportRecord, lengthOfPart, partName } from './import-record.ts';

/** Read from staging at once. */
const BLOCK = 1024 * 1024;
/** One place that is read on, the directory of a ZIP and the head of a file. */
const BLOCKS_KEPT = 4;

/**
 * A file that was sent in parts, read from any place. Whole blocks are read and a few kept, so that many small files of
 * a ZIP do not cost a request each; memory is that of the blocks.
 */
export class StagedFile {
  readonly size: number;
  readonly #staging: StagingStore;
  readonly #record: ImportRecord;
  readonly #blocks = new Map<string, Promise<Buffer>>();
  readonly #signal: AbortSignal | undefined;

  constructor(staging: StagingStore, record: ImportRecord, signal?: AbortSignal) {
    this.#staging = staging;
    this.#record = record;
    this.#signal = signal;
    this.size = record.size;
  }

  /** The bytes from `from` on, before `to`. Throws what the signal says when it is aborted. */
  async *read(from = 0, to = this.size): AsyncGenerator<Buffer> {
    let at = from;
    while (at < to) {
      this.#signal?.throwIfAborted();
      const { partBytes } = this.#record;
      const part = Math.floor(at / partBytes) + 1;
      const within = at - (part - 1) * partBytes;
      const index = Math.floor(within / BLOCK);
      const block = await this.#block(part, index);
      const begin = within - index * BLOCK;
      const bytes = block.subarray(begin, Math.min(block.length, begin + to - at));
      if (bytes.length === 0) throw this.#lost(part);
      yield bytes;
      at += bytes.length;
    }
  }

  async head(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const bytes of this.read(0, Math.min(length, this.size))) parts.push(bytes);
    return Buffer.concat(parts);
  }

  #block(part: number, index: number): Promise<Buffer> {
    const key = `${part}|${index}`;
    const known = this.#blocks.get(key) ?? this.#load(part, index);
    // Again at the end: the one that was not used for longest goes.
    this.#blocks.delete(key);
    this.#blocks.set(key, known);
    for (const old of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_KEPT) break;
      this.#blocks.delete(old);
    }
    return known;
  }

  async #load(part: number, index: number): Promise<Buffer> {
    const from = index * BLOCK;
    const to = Math.min(from + BLOCK, lengthOfPart(this.#record, part));
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of this.#staging.read(partName(this.#record.id, part), { from, to }))
        chunks.push(chunk);
    } catch (error) {
      if (error instanceof Failure && error.code === 'staging-missing') throw this.#lost(part);
      throw error;
    }
    const block = Buffer.concat(chunks);
    if (block.length !== to - from) throw this.#lost(part);
    return block;
  }

  #lost(part: number): Failure {
    const { name, id } = this.#record;
    return new Failure(
      'terminal',
      'import-incomplete',
      `Part ${part} of "${name}" (import ${id}) is not whole any more: send it again.`,
    );
  }
}

import { randomBytes } from 'node:crypto';
import type { BlockBlobClient, BlockBlobCommitBlockListOptions } from '@azure/storage-blob';
import { Failure } from '../../errors.ts';
import { azureFailure, azureStatus } from '../../state/azure-failure.ts';
import { immutableFailure, isImmutableCode } from './blob-immutable.ts';
import { toMetadata, toTags } from './blob-metadata.ts';
import type { FileAttempt, FileFacts, FileStat, PutResult } from './file-store.ts';

export interface BlobAttemptOptions {
  readonly where: string;
  readonly name: string;
  readonly blockBytes: number;
  readonly tier: string | undefined;
  readonly contentType: string | undefined;
  readonly tags: TagUse;
  readonly blob: (name: string) => BlockBlobClient;
}

/** Whether blobs may be given index tags, which not every identity may and not every account has; for all attempts. */
export interface TagUse {
  allowed: boolean;
  refused(reason: string): void;
}

const maxBlocks = 50_000;
const FIRST_ROOM = 64 * 1024;
/** Refusals of a commit that have nothing to do with tags. */
const ofContent = new Set(['InvalidBlockList', 'InvalidBlockId', 'BlobAlreadyExists', 'ConditionNotMet']);

/**
 * One unfinished blob: blocks under ids of its own, not visible until their list is committed. One block is sent while
 * the next one fills.
 */
export class BlobAttempt implements FileAttempt {
  readonly #options: BlobAttemptOptions;
  /** Part of every block id, so that attempts at one name at the same time do not mix. */
  readonly #id = randomBytes(16).toString('hex');
  readonly #blocks: string[] = [];
  #filling: Buffer = Buffer.alloc(0);
  #filled = 0;
  #sending: Promise<unknown> = Promise.resolve();
  /** Where the blocks are; blocks belong to a name. */
  #place: string;
  /** All there is, when that is one block that was sent at the end: it can be sent again to any name. */
  #whole: Buffer | undefined;
  #lost = false;
  #sendingTo = '';

  constructor(options: BlobAttemptOptions) {
    this.#options = options;
    this.#place = options.name;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { blockBytes } = this.#options;
    let rest = chunk;
    while (this.#filled + rest.byteLength >= blockBytes) {
      const part = rest.subarray(0, blockBytes - this.#filled);
      rest = rest.subarray(part.byteLength);
      this.#gather(part);
      await this.#send(this.#options.name);
    }
    if (rest.byteLength > 0) this.#gather(rest);
  }

  /** Copied at once: thousands of small chunks that live until a block is full are dear to the garbage collector. */
  #gather(part: Uint8Array): void {
    const wanted = this.#filled + part.byteLength;
    if (wanted > this.#filling.byteLength) {
      const { blockBytes } = this.#options;
      // Most files are small. One that has filled a block will most likely fill the next.
      const room =
        this.#blocks.length > 0 ? blockBytes : Math.min(blockBytes, Math.max(2 * wanted, FIRST_ROOM));
      const grown = Buffer.allocUnsafeSlow(Math.max(room, wanted));
      this.#filling.copy(grown, 0, 0, this.#filled);
      this.#filling = grown;
    }
    this.#filling.set(part, this.#filled);
    this.#filled = wanted;
  }

  async put(name: string, about: FileFacts, before: FileStat | undefined): Promise<PutResult> {
    await this.#bring(name);
    try {
      const { contentType, tier } = this.#options;
      // All in one call: an immutable blob takes nothing later.
      const etag = await this.#commit(name, toTags(about), {
        conditions: before === undefined ? { ifNoneMatch: '*' } : { ifMatch: before.tag },
        metadata: toMetadata(about),
        blobHTTPHeaders: { blobContentType: contentType ?? 'application/octet-stream' },
        ...(tier === undefined ? {} : { tier }),
      });
      return { status: 'put', tag: etag };
    } catch (error) {
      const { status, code } = azureStatus(error);
      if (isImmutableCode(code)) {
        if (before === undefined) return { status: 'changed' };
        throw immutableFailure(name, this.#options.where, error);
      }
      if (code === 'InvalidBlockList') this.#lost = true;
      if (this.#lost || status === 412 || code === 'BlobAlreadyExists') return { status: 'changed' };
      throw this.#failure(error);
    }
  }

  async #commit(
    name: string,
    tags: Record<string, string>,
    options: BlockBlobCommitBlockListOptions,
  ): Promise<string> {
    const { blob, tags: use } = this.#options;
    const commit = async (more: BlockBlobCommitBlockListOptions) =>
      (await blob(name).commitBlockList(this.#blocks, { ...options, ...more })).etag ?? '';
    if (!use.allowed) return commit({});
    try {
      return await commit({ tags });
    } catch (error) {
      const { status, code } = azureStatus(error);
      if (status !== 400 && status !== 403 && status !== 409) throw error;
      if (ofContent.has(code) || isImmutableCode(code)) throw error;
      // Whatever the code: where it works without the tags it was the tags.
      const etag = await commit({});
      if (use.allowed) use.refused(code || `status ${status}`);
      use.allowed = false;
      return etag;
    }
  }

  async discard(): Promise<void> {
    this.#empty();
    this.#whole = undefined;
    this.#lost = true;
    await this.#sending.catch(() => undefined);
  }

  /** Sees to it that all blocks are at the name. */
  async #bring(name: string): Promise<void> {
    if (this.#blocks.length === 0) {
      this.#place = name;
      if (this.#filled > 0) this.#whole = this.#filling.subarray(0, this.#filled);
    }
    if (this.#lost || name !== this.#place) {
      if (this.#whole === undefined) {
        throw new Failure(
          'transient',
          'write-lost',
          `${name} in ${this.#options.where}: another write came first; it is fetched again.`,
        );
      }
      this.#blocks.length = 0;
      this.#filling = this.#whole;
      this.#filled = this.#whole.byteLength;
      this.#sending = Promise.resolve();
      this.#place = name;
      this.#lost = false;
    }
    if (this.#filled > 0) await this.#send(name);
    try {
      await this.#sending;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async #send(name: string): Promise<void> {
    this.#sendingTo = name;
    const body = this.#filling.subarray(0, this.#filled);
    this.#empty();
    if (this.#blocks.length === maxBlocks) {
      const told = `${name} does not fit into ${this.#options.where}: a blob has at most ${maxBlocks} blocks.`;
      throw new Failure('item', 'too-large', told);
    }
    // Ids of all blocks of a blob must have one length.
    const block = Buffer.from(`${this.#id}-${String(this.#blocks.length).padStart(6, '0')}`).toString(
      'base64',
    );
    this.#blocks.push(block);
    try {
      await this.#sending;
    } catch (error) {
      throw this.#failure(error);
    }
    this.#sending = this.#options.blob(name).stageBlock(block, body, body.byteLength);
    // It is awaited before the next one; until then its failure is not an unhandled one.
    this.#sending.catch(() => undefined);
  }

  #empty(): void {
    this.#filling = Buffer.alloc(0);
    this.#filled = 0;
  }

  #failure(error: unknown): unknown {
    // A block for a name under which an immutable blob lies; what was sent so far cannot be sent elsewhere.
    if (isImmutableCode(azureStatus(error).code))
      return immutableFailure(this.#sendingTo, this.#options.where, error, 'transient');
    return azureFailure(error, this.#options.where);
  }
}

import { Failure } from '../../errors.ts';
import type { ShareFolder } from './share-folder.ts';

/** Azure Files needs a size before it takes bytes: it is doubled as they come, by this much at most. */
const maxGrowth = 64 * 1024 * 1024;
const maxFileBytes = 4 * 1024 ** 4;

/**
 * The bytes of a file of a share while their number is not known. One range is sent while the next one fills. Its
 * methods throw what the SDK throws.
 */
export class ShareUpload {
  readonly #folder: ShareFolder;
  readonly #path: string;
  readonly #contentType: string;
  readonly #rangeBytes: number;
  #filling: Uint8Array[] = [];
  #filled = 0;
  #sent = 0;
  #sending: Promise<unknown> = Promise.resolve();
  /** The size the file has in the share; undefined while there is none. */
  #size: number | undefined;
  /** What the file in the share says of itself. */
  #told: string | undefined;
  #ended = false;

  constructor(folder: ShareFolder, path: string, contentType: string, rangeBytes: number) {
    this.#folder = folder;
    this.#path = path;
    this.#contentType = contentType;
    this.#rangeBytes = rangeBytes;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#open();
    let rest = chunk;
    // A file that fits into one range is made when its size is known.
    while (this.#filled + rest.byteLength > this.#rangeBytes) {
      const part = rest.subarray(0, this.#rangeBytes - this.#filled);
      rest = rest.subarray(part.byteLength);
      this.#fill(part);
      await this.#send();
    }
    this.#fill(rest);
  }

  /** Sees to it that all bytes are there, no more than these, and what the file says of itself. */
  async finish(metadata: Record<string, string>): Promise<void> {
    this.#open();
    await this.#send(metadata);
    await this.#sending;
    const told = JSON.stringify(metadata);
    if (this.#told === told) return;
    await this.#folder.file(this.#path).setMetadata(metadata);
    this.#told = told;
  }

  /** The file has another name now and is no longer this one's. */
  release(): void {
    this.#ended = true;
    this.#size = undefined;
  }

  /** Never throws: what cannot be removed now is swept later. */
  async discard(): Promise<void> {
    this.#ended = true;
    this.#filling = [];
    await this.#sending.catch(() => undefined);
    if (this.#size === undefined) return;
    this.#size = undefined;
    const file = this.#folder.file(this.#path);
    await file.deleteIfExists().catch(() => undefined);
  }

  #open(): void {
    if (this.#ended) throw new Error('This write has ended.');
  }

  #fill(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    this.#filling.push(part);
    this.#filled += part.byteLength;
  }

  /** @param metadata given when nothing comes after it */
  async #send(metadata?: Record<string, string>): Promise<void> {
    const body = Buffer.concat(this.#filling);
    const offset = this.#sent;
    this.#filling = [];
    this.#filled = 0;
    this.#sent += body.byteLength;
    try {
      await this.#sending;
      await this.#makeRoom(metadata);
    } catch (error) {
      // These bytes are gone: nothing may be made of the rest.
      this.#ended = true;
      throw error;
    }
    if (body.byteLength === 0) return;
    this.#sending = this.#folder.file(this.#path).uploadRange(body, offset, body.byteLength);
    // It is awaited before the next one; until then its failure is not an unhandled one.
    this.#sending.catch(() => undefined);
  }

  async #makeRoom(metadata: Record<string, string> | undefined): Promise<void> {
    const needed = this.#sent;
    if (needed > maxFileBytes) {
      const told = `A file does not fit into ${this.#folder.where}: it may have 4 TiB at most.`;
      throw new Failure('item', 'too-large', told);
    }
    const last = metadata !== undefined;
    if (this.#size === undefined) return this.#create(needed, metadata);
    if (last ? this.#size === needed : this.#size >= needed) return;
    const grown = Math.min(this.#size * 2, this.#size + maxGrowth, maxFileBytes);
    const size = last ? needed : Math.max(needed, grown);
    await this.#folder.file(this.#path).resize(size);
    this.#size = size;
  }

  async #create(size: number, metadata: Record<string, string> | undefined): Promise<void> {
    const file = this.#folder.file(this.#path);
    const fileHttpHeaders = { fileContentType: this.#contentType };
    // Before it is known to be there, so that it is removed even if the reply is lost.
    this.#size = size;
    await this.#folder.inFolder(this.#path, () =>
      file.create(size, { fileHttpHeaders, ...(metadata === undefined ? {} : { metadata }) }),
    );
    if (metadata !== undefined) this.#told = JSON.stringify(metadata);
  }
}

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ContainerClient } from '@azure/storage-blob';
import { Failure } from '../errors.ts';
import { azureFailure, azureStatus } from './azure-failure.ts';
import { type AzureLimits, flowing, storageLimits } from './azure-limits.ts';
import { type BlobAccount, describeContainer, openContainer } from './blob-client.ts';
import {
  checkStagingName,
  type StagedContent,
  type StagedRange,
  type StagingStore,
  stagingMissing,
} from './staging.ts';

export type BlobStagingOptions = BlobAccount & { readonly container: string };

const blockBytes = 4 * 1024 * 1024;

/** Staging in a container of Azure Blob storage, made on first use. */
export function openBlobStaging(options: BlobStagingOptions): StagingStore {
  return new BlobStaging(openContainer(options, options.container), options.limits ?? storageLimits);
}

class BlobStaging implements StagingStore {
  readonly #container: ContainerClient;
  readonly #where: string;
  readonly #limits: AzureLimits;
  #made: Promise<unknown> | undefined;

  constructor(container: ContainerClient, limits: AzureLimits) {
    this.#container = container;
    this.#limits = limits;
    this.#where = describeContainer(container);
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<StagedContent> {
    checkStagingName(name);
    await this.#make();
    const hash = createHash('sha256');
    let bytes = 0;
    let sourceError: { readonly error: unknown } | undefined;
    async function* counted() {
      try {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.byteLength;
          if (chunk.byteLength > 0) yield chunk;
        }
      } catch (error) {
        sourceError = { error };
        throw error;
      }
    }
    const source = Readable.from(counted(), { objectMode: false });
    try {
      // Blocks stay invisible until the list of all of them is committed at the end.
      await this.#container.getBlockBlobClient(name).uploadStream(source, blockBytes, 2);
    } catch (error) {
      source.destroy();
      if (sourceError !== undefined) throw sourceError.error;
      if (azureStatus(error).code === 'InvalidBlockList') {
        // A commit drops every block it does not name, those of another writer of the same name included.
        const told = `${name} in ${this.#where} was written by another run at the same time.`;
        throw new Failure('transient', 'staging-overtaken', told, { cause: error });
      }
      throw this.#failure(error);
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  async *read(name: string, range?: StagedRange): AsyncIterable<Uint8Array> {
    checkStagingName(name);
    try {
      const blob = this.#container.getBlobClient(name);
      const { readableStreamBody } = await (range === undefined
        ? blob.download()
        : blob.download(range.from, range.to - range.from));
      if (readableStreamBody !== undefined) yield* flowing(readableStreamBody, this.#limits);
    } catch (error) {
      // Nothing of it lies in the range.
      if (azureStatus(error).status === 416) return;
      if (azureStatus(error).status === 404) throw stagingMissing(name, this.#where);
      throw this.#failure(error);
    }
  }

  async remove(name: string): Promise<void> {
    checkStagingName(name);
    try {
      await this.#container.getBlobClient(name).deleteIfExists();
    } catch (error) {
      if (azureStatus(error).status !== 404) throw this.#failure(error);
    }
  }

  async *list(prefix: string): AsyncIterable<{ readonly name: string }> {
    await this.#make();
    try {
      for await (const { name } of this.#container.listBlobsFlat({ prefix })) yield { name };
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async #make(): Promise<void> {
    this.#made ??= this.#container.createIfNotExists();
    try {
      await this.#made;
    } catch (error) {
      this.#made = undefined;
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    return azureFailure(error, this.#where);
  }
}

import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { azureFailure, azureStatus } from '../../state/azure-failure.ts';
import { type BlobAccount, describeContainer, openContainer } from '../../state/blob-client.ts';
import type { FileEvidence } from '../destination.ts';
import { BlobAttempt } from './blob-attempt.ts';
import { fromMetadata } from './blob-metadata.ts';
import type { AttemptKey, FileAttempt, FileStat, FileStore } from './file-store.ts';
import { checkStoreName } from './store-name.ts';

export type BlobStoreOptions = BlobAccount & {
  readonly container: string;
  /** Folder in the container, without a slash at either end; empty = none. */
  readonly prefix?: string;
  readonly tier?: 'Hot' | 'Cool' | 'Cold';
  /** Held in memory twice for each open write; at most 50,000 make a file. Default 8 MiB. */
  readonly blockBytes?: number;
};

/**
 * Files as block blobs of Azure Blob storage; the container is made on first use where it is absent.
 *
 * @throws Failure `terminal`: `no-access`, `disk-full`, `no-identity`, `storage-refused`; `transient`: `storage-busy`,
 *   `storage-unreachable`, `write-lost`; `item`: `immutable`, `too-large`
 */
export function openBlobStore(options: BlobStoreOptions): FileStore {
  return new BlobStore(openContainer(options, options.container), options);
}

class BlobStore implements FileStore {
  readonly where: string;
  readonly #container: ContainerClient;
  readonly #options: BlobStoreOptions;
  #made: Promise<unknown> | undefined;

  constructor(container: ContainerClient, options: BlobStoreOptions) {
    this.#container = container;
    this.#options = options;
    this.where = describeContainer(container);
  }

  async stat(name: string): Promise<FileStat | undefined> {
    try {
      const found = await this.#blob(name).getProperties();
      const facts = fromMetadata(found.metadata ?? {});
      return {
        size: found.contentLength ?? 0,
        tag: found.etag ?? '',
        ...(facts.sha256 === undefined ? {} : { sha256: facts.sha256 }),
        ...(facts.key === undefined ? {} : { key: facts.key }),
        ...(facts.verified === undefined ? {} : { verified: facts.verified as FileEvidence }),
      };
    } catch (error) {
      if (azureStatus(error).status === 404) return undefined;
      throw this.#failure(error);
    }
  }

  async *read(name: string): AsyncIterable<Uint8Array> {
    try {
      const { readableStreamBody } = await this.#blob(name).download();
      if (readableStreamBody !== undefined) yield* readableStreamBody as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async begin(attempt: AttemptKey): Promise<FileAttempt> {
    await this.#make();
    const { tier, blockBytes = 8 * 1024 * 1024 } = this.#options;
    return new BlobAttempt({
      where: this.where,
      name: attempt.name,
      blockBytes,
      tier,
      contentType: attempt.contentType,
      blob: (name) => this.#blob(name),
    });
  }

  async remove(name: string, tag: string): Promise<boolean> {
    try {
      await this.#blob(name).delete({ conditions: { ifMatch: tag } });
      return true;
    } catch (error) {
      const { status } = azureStatus(error);
      if (status === 404 || status === 412) return false;
      throw this.#failure(error);
    }
  }

  /** Blocks that were never committed are dropped by the service after a week. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {}

  #blob(name: string): BlockBlobClient {
    checkStoreName(name);
    const { prefix = '' } = this.#options;
    return this.#container.getBlockBlobClient(prefix === '' ? name : `${prefix}/${name}`);
  }

  async #make(): Promise<void> {
    // Looked at first: an identity that may write in a container need not have the right to make one.
    this.#made ??= this.#container.exists().then(async (found) => {
      if (!found) await this.#container.createIfNotExists();
    });
    try {
      await this.#made;
    } catch (error) {
      this.#made = undefined;
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    return azureFailure(error, this.where);
  }
}

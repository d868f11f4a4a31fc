import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { azureFailure, azureStatus } from '../../state/azure-failure.ts';
import { flowing, storageLimits } from '../../state/azure-limits.ts';
import { type BlobAccount, describeContainer, openContainer } from '../../state/blob-client.ts';
import type { ByteRange, FileEvidence } from '../destination.ts';
import { BlobAttempt, type TagUse } from './blob-attempt.ts';
import { immutableFailure, isImmutableCode } from './blob-immutable.ts';
import { fromMetadata } from './blob-metadata.ts';
import type { AttemptKey, FileAttempt, FileStat, FileStore, ListedFile } from './file-store.ts';
import { checkStoreName } from './store-name.ts';

export type BlobStoreOptions = BlobAccount & {
  readonly container: string;
  /** Folder in the container, without a slash at either end; empty = none. */
  readonly prefix?: string;
  readonly tier?: 'Hot' | 'Cool' | 'Cold';
  /** Held in memory twice for each open write; at most 50,000 make a file. Default 8 MiB. */
  readonly blockBytes?: number;
  /** Told once when the account or the identity lets no index tags be set: files are stored without them. */
  readonly onNoTags?: (reason: string) => void;
};

/** How long an answer about the container's policies is good for. */
const policyMs = 5 * 60_000;

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
  readonly #tags: TagUse;
  #made: Promise<unknown> | undefined;
  #policy: { readonly fixed: boolean; readonly until: number } | undefined;

  constructor(container: ContainerClient, options: BlobStoreOptions) {
    this.#container = container;
    this.#options = options;
    this.where = describeContainer(container);
    this.#tags = { allowed: true, refused: (reason) => options.onNoTags?.(reason) };
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
        ...(facts.contentHash === undefined ? {} : { contentHash: facts.contentHash }),
      };
    } catch (error) {
      if (azureStatus(error).status === 404) return undefined;
      throw this.#failure(error);
    }
  }

  async *read(name: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const part = range === undefined ? [] : [range.from, range.to - range.from];
    try {
      const { readableStreamBody } = await this.#blob(name).download(...part);
      const limits = this.#options.limits ?? storageLimits;
      if (readableStreamBody !== undefined) yield* flowing(readableStreamBody, limits);
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
      tags: this.#tags,
      blob: (name) => this.#blob(name),
    });
  }

  async remove(name: string, tag: string): Promise<boolean> {
    try {
      await this.#blob(name).delete({ conditions: { ifMatch: tag } });
      return true;
    } catch (error) {
      const { status, code } = azureStatus(error);
      if (isImmutableCode(code)) throw immutableFailure(name, this.where, error);
      if (status === 404 || status === 412) return false;
      throw this.#failure(error);
    }
  }

  async *list(): AsyncIterable<ListedFile> {
    const { prefix = '' } = this.#options;
    const folder = prefix === '' ? '' : `${prefix}/`;
    try {
      if (!(await this.#container.exists())) return;
      for await (const { name, properties } of this.#container.listBlobsFlat({ prefix: folder })) {
        yield { name: name.slice(folder.length), size: properties.contentLength ?? 0 };
      }
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /**
   * An immutability policy or a legal hold on the container. Policies of single versions are none of these: there a
   * new version can always be written, and the service keeps the old one.
   */
  async fixed(): Promise<boolean> {
    if (this.#policy !== undefined && Date.now() < this.#policy.until) return this.#policy.fixed;
    try {
      const { hasImmutabilityPolicy, hasLegalHold } = await this.#container.getProperties();
      const fixed = hasImmutabilityPolicy === true || hasLegalHold === true;
      this.#policy = { fixed, until: Date.now() + policyMs };
      return fixed;
    } catch (error) {
      const { status } = azureStatus(error);
      // A container that is not there yet, or an identity that may not ask: a refused write will tell.
      if (status === 404 || status === 403) return false;
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

import { randomUUID } from 'node:crypto';
import { Failure } from '../../errors.ts';
import { azureStatus } from '../../state/azure-failure.ts';
import { toMetadata } from './blob-metadata.ts';
import type { FileAttempt, FileFacts, FileStat, PutResult } from './file-store.ts';
import { isMissing, noFileTag, type ShareFolder, tagOf } from './share-folder.ts';
import { whileUnchanged } from './share-lease.ts';
import { ShareUpload } from './share-upload.ts';
import { incompleteFolder } from './store-name.ts';

export interface ShareAttemptOptions {
  readonly folder: ShareFolder;
  /** 32 hex digits made from the item's key. */
  readonly item: string;
  readonly contentType: string | undefined;
  readonly rangeBytes: number;
  readonly patienceMs: number;
}

interface RenameConditions {
  readonly replaceIfExists?: true;
  readonly ignoreReadOnly?: true;
  readonly destinationLeaseAccessConditions?: { readonly leaseId: string };
}

/** One unfinished file in the store's hidden folder; a rename makes it visible. */
export class ShareAttempt implements FileAttempt {
  readonly #folder: ShareFolder;
  readonly #patienceMs: number;
  readonly #id = randomUUID();
  readonly #path: string;
  readonly #upload: ShareUpload;
  #missing = false;

  constructor({ folder, item, contentType, rangeBytes, patienceMs }: ShareAttemptOptions) {
    this.#folder = folder;
    this.#patienceMs = patienceMs;
    this.#path = folder.hidden(`${incompleteFolder}/${item}.${this.#id}`);
    const type = contentType ?? 'application/octet-stream';
    this.#upload = new ShareUpload(folder, this.#path, type, rangeBytes);
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#upload.add(chunk);
    } catch (error) {
      throw isMissing(azureStatus(error).code) ? this.#lost(error) : this.#folder.failure(error);
    }
  }

  async put(name: string, about: FileFacts, before: FileStat | undefined): Promise<PutResult> {
    if (this.#missing) throw this.#lost(undefined);
    try {
      const path = this.#folder.path(name);
      const metadata = { ...toMetadata(about), attempt: this.#id };
      await this.#upload.finish(metadata);
      if (before === undefined) return await this.#rename(path, metadata, {});
      return await this.#replace(path, metadata, before);
    } catch (error) {
      if (!isMissing(azureStatus(error).code)) throw this.#folder.failure(error);
      // Most likely another attempt has stored the item and cleared up behind itself. The caller looks again, and only
      // if there is still something to write it is a failure.
      this.#missing = true;
      return { status: 'changed' };
    }
  }

  async discard(): Promise<void> {
    await this.#upload.discard();
  }

  async #replace(path: string, metadata: Record<string, string>, before: FileStat): Promise<PutResult> {
    if (before.tag === noFileTag) {
      const told = `A folder is where the file ${path} should be in ${this.#folder.where}.`;
      throw new Failure('terminal', 'not-a-folder', told);
    }
    const replaced = await whileUnchanged(this.#folder, path, before.tag, this.#patienceMs, (leaseId) =>
      this.#rename(path, metadata, {
        replaceIfExists: true,
        // As in a folder: who may write there may replace what is read-only.
        ignoreReadOnly: true,
        destinationLeaseAccessConditions: { leaseId },
      }),
    );
    return replaced ?? { status: 'changed' };
  }

  async #rename(
    path: string,
    metadata: Record<string, string>,
    conditions: RenameConditions,
  ): Promise<PutResult> {
    const file = this.#folder.file(this.#path);
    let tag: string | undefined;
    let failure: unknown;
    try {
      const renamed = await this.#folder.inFolder(path, () => file.rename(path, { ...conditions, metadata }));
      tag = tagOf(renamed.fileRenameResponse);
    } catch (error) {
      failure = error;
    }
    // A reply may be lost, and a call that was made again then finds its own work in the way.
    const now = await this.#folder.look(path);
    if (now?.attempt === this.#id) tag = now.stat.tag;
    if (tag !== undefined) {
      this.#upload.release();
      return { status: 'put', tag };
    }
    const { code } = azureStatus(failure);
    if (code !== 'ResourceAlreadyExists' && code !== 'ResourceTypeMismatch') throw failure;
    if (now === undefined) await this.#folder.isFolder(path);
    return { status: 'changed' };
  }

  #lost(cause: unknown): Failure {
    const told = `An unfinished file in ${this.#folder.where} was removed while it was written; it is fetched again.`;
    return new Failure('transient', 'write-lost', told, { cause });
  }
}

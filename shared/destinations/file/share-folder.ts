import type { ShareClient, ShareDirectoryClient, ShareFileClient } from '@azure/storage-file-share';
import { Failure } from '../../errors.ts';
import { azureStatus } from '../../state/azure-failure.ts';
import type { FileEvidence } from '../destination.ts';
import { fromMetadata } from './blob-metadata.ts';
import type { FileStat } from './file-store.ts';
import { foldName } from './safe-name.ts';
import { shareFailure } from './share-failure.ts';
import { checkStoreName } from './store-name.ts';

/** Of Azure Files (Naming and referencing shares, directories, files, and metadata). */
const maxPathLength = 2_048;
const maxComponentLength = 255;

/** What is there under a name. */
export interface ShareLook {
  readonly stat: FileStat;
  /** The attempt that wrote it. */
  readonly attempt: string | undefined;
}

/** A destination's folder in a share. Paths are from the root of the share; its methods throw what the SDK throws. */
export class ShareFolder {
  readonly where: string;
  readonly #share: ShareClient;
  readonly #prefix: string;
  /** Folded paths that a folder was found at where a file was to go. */
  readonly #folders = new Set<string>();

  constructor(share: ShareClient, prefix: string) {
    this.#share = share;
    this.#prefix = prefix;
    this.where = `share ${share.name} of ${new URL(share.url).host}`;
  }

  /** The path of a visible file. @throws Failure `item`, `name-refused` where it is too long for Azure Files */
  path(name: string): string {
    checkStoreName(name);
    const path = this.hidden(name);
    const tooLong =
      path.length > maxPathLength || name.split('/').some((part) => part.length > maxComponentLength);
    if (!tooLong) return path;
    const told = `A file name is too long for ${this.where}: ${maxComponentLength} characters a part, ${maxPathLength} in all.`;
    throw new Failure('item', 'name-refused', told);
  }

  /** The path of the folder itself; empty for the root of the share. */
  top(): string {
    return this.#prefix;
  }

  /** The path of something that no rendered name can be. */
  hidden(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}/${name}`;
  }

  file(path: string): ShareFileClient {
    return this.#share.rootDirectoryClient.getFileClient(path);
  }

  directory(path: string): ShareDirectoryClient {
    return this.#share.getDirectoryClient(path);
  }

  async look(path: string): Promise<ShareLook | undefined> {
    try {
      const found = await this.file(path).getProperties();
      const metadata = found.metadata ?? {};
      const { key, sha256, verified, contentHash } = fromMetadata(metadata);
      return {
        attempt: metadata.attempt,
        stat: {
          size: found.contentLength ?? 0,
          tag: tagOf(found),
          ...(sha256 === undefined ? {} : { sha256 }),
          ...(key === undefined ? {} : { key }),
          ...(verified === undefined ? {} : { verified: verified as FileEvidence }),
          ...(contentHash === undefined ? {} : { contentHash }),
        },
      };
    } catch (error) {
      const { code } = azureStatus(error);
      if (code === 'ResourceTypeMismatch') return folderLook;
      if (!isMissing(code)) throw error;
      return this.#folders.has(foldName(path)) && (await this.isFolder(path)) ? folderLook : undefined;
    }
  }

  /** Asked once a name proved to be taken and no file is there; from then on `look` says so. */
  async isFolder(path: string): Promise<boolean> {
    const is = await this.directory(path).exists();
    if (is) this.#folders.add(foldName(path));
    return is;
  }

  /** Does the work, and where it fails because the folders of the path are missing makes them and does it again. */
  async inFolder<R>(path: string, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      if (azureStatus(error).code !== 'ParentNotFound') throw error;
      await this.#makeParents(path);
      return work();
    }
  }

  failure(error: unknown): unknown {
    return shareFailure(error, this.where);
  }

  async #makeParents(path: string): Promise<void> {
    const at = path.lastIndexOf('/');
    if (at <= 0) return;
    const parent = path.slice(0, at);
    try {
      await this.inFolder(parent, () => this.directory(parent).createIfNotExists());
    } catch (error) {
      if (azureStatus(error).code !== 'ResourceTypeMismatch') throw error;
      const told = `A file is where the folder ${parent} should be in ${this.where}.`;
      throw new Failure('terminal', 'not-a-folder', told, { cause: error });
    }
  }
}

/** Something else than a file takes the name and is never one of ours. */
export const noFileTag = 'no-file';
const folderLook: ShareLook = { stat: { size: -1, tag: noFileTag }, attempt: undefined };

/** An id is never given twice, and the ETag is another after every change. */
export function tagOf(found: { readonly fileId?: string; readonly etag?: string }): string {
  return `${found.fileId ?? ''} ${found.etag ?? ''}`;
}

export function isMissing(code: string): boolean {
  return code === 'ResourceNotFound' || code === 'ParentNotFound';
}

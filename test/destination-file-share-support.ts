import assert from 'node:assert/strict';
import type { FileFacts, FileStore } from '../shared/destinations/file/file-store.ts';
import { openShareStore, type ShareStoreOptions } from '../shared/destinations/file/share-store.ts';
import { Failure } from '../shared/errors.ts';
import { contentOf } from './contract/file-place.ts';
import type { AzureFiles } from './support/azure-files/azure-files.ts';
import type { ShareTree } from './support/azure-files/share-tree.ts';

let shares = 0;

/** For a client that asks once and never again. */
export const once = { retryOptions: { maxTries: 1 } };

export type ShareOptions = Partial<Omit<Extract<ShareStoreOptions, { connectionString: string }>, 'share'>>;

/** An empty share, and a store in it as another process would open it. */
export function openEmpty(
  azure: AzureFiles,
  options: ShareOptions = {},
): { readonly store: FileStore; readonly tree: ShareTree; readonly share: string } {
  const share = `share-${++shares}`;
  const tree = azure.makeShare(share);
  return { share, tree, store: openAgain(azure, share, options) };
}

export function openAgain(azure: AzureFiles, share: string, options: ShareOptions = {}): FileStore {
  const client = { retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 1 } };
  const { connectionString } = azure;
  return openShareStore({ connectionString, share, client, patienceMs: 100, ...options });
}

export const aboutOf = (bytes: string | Uint8Array): FileFacts => ({
  key: 'k',
  stream: 's',
  origin: { siteId: 's', host: 'h' },
  ...contentOf(bytes),
});

export const keyOf = (name: string) => ({ item: 'a'.repeat(32), name });

export const pathsOf = (tree: ShareTree) => [...tree.files()].map(([path]) => path).sort();

export const textAt = (tree: ShareTree, path: string) =>
  [...tree.files()].find(([found]) => found === path)?.[1].bytes.toString();

/** For assert.rejects: a Failure of this kind and code, in one line and without the account's key. */
export const said = (kind: string, code: string) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.doesNotMatch(error.message, /\n|AccountKey|YW55IGtleSBkb2Vz/);
  return true;
};

/** One attempt from begin to discard. @param replace what is there at the moment */
export async function putText(store: FileStore, name: string, text: string, replace = false) {
  const attempt = await store.begin(keyOf(name));
  try {
    await attempt.write(Buffer.from(text));
    return await attempt.put(name, aboutOf(text), replace ? await store.stat(name) : undefined);
  } finally {
    await attempt.discard();
  }
}

export async function readAll(store: FileStore, name: string): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of store.read(name)) read.push(chunk);
  return Buffer.concat(read);
}

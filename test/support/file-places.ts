import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { openBlobStore } from '../../shared/destinations/file/blob-store.ts';
import type { FileStore } from '../../shared/destinations/file/file-store.ts';
import { type LocalStoreOptions, openLocalStore } from '../../shared/destinations/file/local-store.ts';
import { openShareStore } from '../../shared/destinations/file/share-store.ts';
import { isStoredName } from '../../shared/destinations/file/store-name.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { FilePlace } from '../contract/file-place.ts';
import type { AzureFiles } from './azure-files/azure-files.ts';
import { contentOf, parsePath, type ShareTree } from './azure-files/share-tree.ts';
import type { Azurite } from './azurite.ts';
import { MemoryFiles } from './memory-file-store.ts';

export async function memoryPlace(): Promise<FilePlace> {
  const files = new MemoryFiles();
  const state = openSqliteState(':memory:');
  return {
    state,
    openStore: () => files.open(),
    list: async () =>
      new Map(
        [...files.visible.values()]
          .filter(({ name }) => isStoredName(name))
          .map(({ name, bytes }) => [name, bytes.toString('latin1')]),
      ),
    plant: async (name, content) => {
      files.set(name, Buffer.from(content));
    },
    unfinished: async () => files.unfinished.size,
    end: () => state.close(),
  };
}

export async function folderPlace(
  options: LocalStoreOptions = {},
): Promise<FilePlace & { readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'destination-file-'));
  const state = openSqliteState(':memory:');
  const stores: FileStore[] = [];
  const all = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return {
    folder,
    state,
    openStore() {
      const store = openLocalStore(folder, options);
      stores.push(store);
      return store;
    },
    async list() {
      const names = all().filter(isStoredName);
      return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
    },
    async plant(name, content) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    },
    unfinished: async () => all().filter((name) => /^\.incomplete\/(?!lock)/.test(name)).length,
    async end() {
      for (const store of stores) await store.close();
      await state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let containers = 0;

export async function blobPlace(azurite: Azurite): Promise<FilePlace & { readonly container: string }> {
  const state = openSqliteState(':memory:');
  const container = `place-${++containers}`;
  const { connectionString } = azurite;
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  return {
    container,
    state,
    openStore: () =>
      openBlobStore({ connectionString, container, prefix: 'in/folder', blockBytes: 64 * 1024 }),
    async list() {
      const files = new Map<string, string>();
      if (!(await client.exists())) return files;
      for await (const { name } of client.listBlobsFlat()) {
        const short = name.replace(/^in\/folder\//, '');
        if (!isStoredName(short)) continue;
        const bytes = await client.getBlobClient(name).downloadToBuffer();
        files.set(short, bytes.toString('latin1'));
      }
      return files;
    },
    async plant(name, content) {
      await client.createIfNotExists();
      await client.getBlockBlobClient(`in/folder/${name}`).upload(content, Buffer.byteLength(content));
    },
    unfinished: async () => undefined,
    end: () => state.close(),
  };
}

let shares = 0;

export async function sharePlace(
  azure: AzureFiles,
): Promise<FilePlace & { readonly share: string; readonly tree: ShareTree }> {
  const state = openSqliteState(':memory:');
  const share = `place-${++shares}`;
  const tree = azure.makeShare(share);
  const { connectionString } = azure;
  const root = 'in/folder/';
  const hidden = `${root}.incomplete/`;
  return {
    share,
    tree,
    state,
    openStore: () =>
      openShareStore({
        connectionString,
        share,
        prefix: 'in/folder',
        rangeBytes: 64 * 1024,
        patienceMs: 200,
        client: { retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 1 } },
      }),
    async list() {
      const visible = [...tree.files()].filter(([path]) => isStoredName(path.slice(root.length)));
      return new Map(
        visible.map(([path, file]) => [path.slice(root.length), contentOf(file).toString('latin1')]),
      );
    },
    async plant(name, content) {
      plantFile(tree, `${root}${name}`, content);
    },
    unfinished: async () => [...tree.files()].filter(([path]) => path.startsWith(hidden)).length,
    end: () => state.close(),
  };
}

/** A file as an SMB client would leave it, its folders made. */
export function plantFile(tree: ShareTree, path: string, content: string): void {
  const parts = parsePath(path);
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = parts.slice(0, depth);
    if (tree.find(folder) === undefined) tree.put(folder, tree.directory(folder.at(-1) ?? ''));
  }
  const file = tree.file(parts.at(-1) ?? '', Buffer.byteLength(content));
  file.bytes = Buffer.from(content);
  tree.put(parts, file);
}

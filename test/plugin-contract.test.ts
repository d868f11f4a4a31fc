import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { filePlugin } from '../shared/destinations/file/file-plugin.ts';
import { sqlPlugin } from '../shared/destinations/sql/sql-plugin.ts';
import { describePlugin, type PluginBench } from './contract/plugin-contract.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';

/** The plugins of the house keep to what is asked of others; the rest of test/contract goes further into each. */

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

function inFolder(make: (folder: string) => Omit<PluginBench, 'remove'>): Promise<PluginBench> {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-contract-'));
  return Promise.resolve({
    ...make(folder),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  });
}

describePlugin('file, folder', () =>
  inFolder((directory) => ({
    plugin: filePlugin,
    settings: { kind: 'folder', directory },
    read: async ({ name }) => readFileSync(join(directory, name)),
  })),
);

let containers = 0;
describePlugin('file, Azure Blob', async () => {
  const container = `plugin-contract-${++containers}`;
  const client = BlobServiceClient.fromConnectionString(azurite.connectionString);
  return {
    plugin: filePlugin,
    settings: { kind: 'blob', connectionSecret: 'connection', container },
    secret: async () => azurite.connectionString,
    read: ({ name }) => client.getContainerClient(container).getBlobClient(name).downloadToBuffer(),
    remove: async () => {},
  };
});

describePlugin('sql, SQLite', () =>
  inFolder((folder) => ({
    plugin: sqlPlugin,
    settings: { kind: 'sqlite', path: join(folder, 'sessions.db') },
  })),
);

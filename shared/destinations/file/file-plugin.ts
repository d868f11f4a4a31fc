import { DefaultAzureCredential } from '@azure/identity';
import type { DestinationPlugin, OpenDestination } from '../plugin.ts';
import { openBlobStore } from './blob-store.ts';
import { openFileDestination } from './file-destination.ts';
import { type FileSettings, fileSettingsSchema } from './file-settings.ts';
import type { FileStore } from './file-store.ts';
import { openLocalStore } from './local-store.ts';

/** Files in a folder or in Azure Blob storage (IC guide: File System Plugin). */
export const filePlugin: DestinationPlugin = {
  id: 'file',
  title: 'File System',
  settings: fileSettingsSchema,
  takes: { sessions: false, files: true },
  async open(options) {
    const settings = fileSettingsSchema.parse(options.settings);
    const store = await openFileStore(settings, options);
    const { id, name, state, log } = options;
    return openFileDestination({ id, name, settings, state, store, log });
  },
};

async function openFileStore(settings: FileSettings, options: OpenDestination): Promise<FileStore> {
  if (settings.kind === 'folder') return openLocalStore(settings.directory);
  const { container, prefix, tier, url, connectionSecret } = settings;
  const place = { container, prefix, ...(tier === undefined ? {} : { tier }) };
  if (connectionSecret === undefined) {
    return openBlobStore({ url: url ?? '', credential: new DefaultAzureCredential(), ...place });
  }
  return openBlobStore({ connectionString: await options.secret(connectionSecret), ...place });
}

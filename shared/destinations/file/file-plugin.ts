import { azureIdentity } from '../../state/azure-identity.ts';
import type { DestinationPlugin, OpenDestination } from '../plugin.ts';
import { openFileDestination } from './file-destination.ts';
import { defaultFileNameFormat, parseFileNameFormat, renderFileName, sameNames } from './file-name.ts';
import { type FileSettings, fileSettingsSchema } from './file-settings.ts';
import type { FileStore } from './file-store.ts';
import { openLocalStore } from './local-store.ts';

/** Files in a folder, in Azure Blob storage or in a share of Azure Files (IC guide: File System Plugin). */
export const filePlugin: DestinationPlugin = {
  id: 'file',
  title: 'File System',
  settings: fileSettingsSchema,
  takes: { sessions: false, files: true },
  place(input) {
    const settings = fileSettingsSchema.parse(input);
    if (settings.kind === 'folder') return `folder ${settings.directory}`;
    const account = settings.url ?? `account of ${settings.connectionSecret}`;
    const root = settings.kind === 'share' ? settings.share : settings.container;
    return `${settings.kind} ${account} ${root}/${settings.prefix}`;
  },
  collisions(input, samples) {
    const { fileNameFormat } = fileSettingsSchema.parse(input);
    const names = samples.map(({ values, defaultFormat }) =>
      renderFileName(parseFileNameFormat(fileNameFormat ?? defaultFormat ?? defaultFileNameFormat), values),
    );
    return sameNames(names);
  },
  async open(options) {
    const settings = fileSettingsSchema.parse(options.settings);
    const store = await openFileStore(settings, options);
    const { id, name, state, log } = options;
    return openFileDestination({ id, name, settings, state, store, log });
  },
};

/** The packages of Azure's storage are loaded where they are needed. */
async function openFileStore(settings: FileSettings, options: OpenDestination): Promise<FileStore> {
  if (settings.kind === 'folder') return openLocalStore(settings.directory);
  const { url, connectionSecret } = settings;
  const account =
    connectionSecret === undefined
      ? { url: url ?? '', credential: azureIdentity() }
      : { connectionString: await options.secret(connectionSecret) };
  if (settings.kind === 'share') {
    const { openShareStore } = await import('./share-store.ts');
    return openShareStore({ ...account, share: settings.share, prefix: settings.prefix });
  }
  const { openBlobStore } = await import('./blob-store.ts');
  const { container, prefix, tier } = settings;
  const { log, name } = options;
  const onNoTags = (reason: string) =>
    log.warn(`Destination "${name}": files are stored without index tags, which were refused (${reason})`);
  return openBlobStore({ ...account, container, prefix, onNoTags, ...(tier === undefined ? {} : { tier }) });
}

import type { StoredFileChange } from '../../shared/destinations/destination.ts';
import { listCatalogItems } from '../../shared/destinations/file/catalog.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { type Terminal, UsageError } from './command.ts';
import { installationOptions, openServices } from './open-services.ts';
import { readArgs } from './read-args.ts';
import { sqlDestination } from './sql-database.ts';

const AT_ONCE = 500;

export async function runFiles(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readArgs(args, { ...installationOptions, destination: { type: 'string' } });
  if (options.destination === undefined)
    throw new UsageError('--destination: give the id of a SQL destination.');
  const services = await openServices(options);
  try {
    const setting = await sqlDestination(services, '--destination', options.destination);
    const { storedFiles } = await services.destination(setting);
    if (storedFiles === undefined)
      throw new UsageError(`--destination ${setting.id} keeps no account of files.`);
    const { destinations } = (await loadSettings(services.state)).settings;
    let told = 0;
    for (const { id } of destinations.filter(({ plugin }) => plugin !== 'sql')) {
      let changes: StoredFileChange[] = [];
      for await (const item of listCatalogItems(services.state, id)) {
        const { state, key, stream, host, name, size, sha256, storedAt } = item;
        if (state !== 'stored' || size === undefined || sha256 === undefined || storedAt === undefined)
          continue;
        changes.push({ event: 'stored', item: key, stream, host, name, size, sha256, storedAt });
        if (changes.length < AT_ONCE) continue;
        await storedFiles.note(id, changes);
        told += changes.length;
        terminal.progress(`${id}: ${told} files`);
        changes = [];
      }
      await storedFiles.note(id, changes);
      told += changes.length;
    }
    terminal.say(`"${setting.name}" knows of ${told} files.`);
    return 0;
  } finally {
    await services.close();
  }
}

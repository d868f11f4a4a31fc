import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { composeServices } from '../../shared/compose.ts';
import { silentLog } from '../../shared/log.ts';
import type { Services } from '../../shared/services.ts';
import { openDataFolder } from '../local/data-folder.ts';
import { localPorts, localServices } from '../local/local-services.ts';
import { UsageError } from './command.ts';

/** Options of every command that works on an installation. */
export const installationOptions = {
  data: { type: 'string' },
  azure: { type: 'boolean', default: false },
} as const;

export const installationUsage = `  --data DIR         the folder of a local installation (data)
  --azure            an installation in Azure, by the application settings in the environment`;

/** The same services that the installation itself works with. */
export async function openServices({
  data,
  azure,
}: {
  readonly data?: string | undefined;
  readonly azure?: boolean | undefined;
}): Promise<Services> {
  if (azure === true) {
    if (data !== undefined) throw new UsageError('Give --data or --azure, not both.');
    return composeServices(process.env);
  }
  const folder = resolve(data ?? 'data');
  // Nothing may be made by looking.
  if (!existsSync(resolve(folder, 'state.db')))
    throw new UsageError(`--data ${folder}: there is no installation in this folder.`);
  return localServices(localPorts(await openDataFolder(folder, false)), silentLog);
}

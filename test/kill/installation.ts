import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type DataFolder, openDataFolder } from '../../infra/local/data-folder.ts';
import { loadSettings, saveSettings } from '../../shared/settings/settings-store.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import { defaultOAuthAccount } from '../appliance/accounts.ts';
import type { SimulatedAppliance } from '../appliance/simulated-appliance.ts';

export interface TestSite {
  readonly id: string;
  readonly appliance: SimulatedAppliance;
  readonly product: 'RS' | 'PRA';
  /** Recorded host name. */
  readonly hostName: string;
  /** Where its transfers begin, Unix seconds. */
  readonly begin: number;
  readonly openSessionHours?: number;
}

const SECRET = 'api-account';

/** An installation that pulls from the sites into a folder and a database, each site by a schedule of its own. */
export async function makeInstallation(folder: string, sites: readonly TestSite[]): Promise<DataFolder> {
  const data = await openDataFolder(folder, false);
  writeFileSync(data.secrets, JSON.stringify({ [SECRET]: defaultOAuthAccount.secret }), { mode: 0o600 });
  const state = openSqliteState(data.state);
  try {
    const { etag } = await loadSettings(state);
    await saveSettings(state, settingsOf(data, sites), etag);
  } finally {
    await state.close();
  }
  return data;
}

/** A copy in another folder that looks as if it had been there all along: wherever a row names the folder, too. */
export async function copyInstallation(from: string, to: string): Promise<DataFolder> {
  mkdirSync(to);
  cpSync(from, to, { recursive: true });
  const data = await openDataFolder(to, false);
  const state = new DatabaseSync(data.state);
  state.prepare('UPDATE entry SET value = replace(value, ?, ?)').run(quoted(from), quoted(to));
  // The copy has its files in a folder of its own, and no run has worked there.
  state.exec("DELETE FROM entry WHERE collection = 'settings' AND partition = 'places'");
  state.close();
  return data;
}

/** As it stands inside a JSON text. */
function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function settingsOf(data: DataFolder, sites: readonly TestSite[]): unknown {
  return {
    sites: sites.map(({ id, product, hostName, appliance, openSessionHours }) => ({
      id,
      name: id,
      product,
      host: appliance.address,
      hostName,
      account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: SECRET },
      certificateAuthority: appliance.caPem,
      requestsPerSecond: 100,
      ...(openSessionHours === undefined ? {} : { openSessionHours }),
    })),
    destinations: [
      { id: 'folder', name: 'Folder', plugin: 'file', settings: { kind: 'folder', directory: data.files } },
      { id: 'database', name: 'Database', plugin: 'sql', settings: { kind: 'sqlite', path: data.sessions } },
    ],
    schedules: sites.map(({ id, begin }) => ({
      id,
      name: id,
      every: { minutes: 15 },
      transfers: [
        {
          site: id,
          destination: 'folder',
          dataTypes: ['session-data', 'session-recording', 'backup'],
          begin: { kind: 'date', at: new Date(begin * 1000).toISOString() },
        },
        {
          site: id,
          destination: 'database',
          dataTypes: ['session-data'],
          begin: { kind: 'date', at: new Date(begin * 1000).toISOString() },
        },
      ],
    })),
  };
}

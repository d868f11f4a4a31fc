import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Product } from '../../shared/appliance/appliance.ts';
import { sqlPlugin } from '../../shared/destinations/sql/sql-plugin.ts';
import { loadSettings, saveSettings } from '../../shared/settings/settings-store.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { streams } from '../../shared/streams/index.ts';
import type { StreamId } from '../../shared/streams/stream.ts';
import { defaultOAuthAccount } from '../../test/appliance/accounts.ts';
import type { ApplianceOptions, SimulatedAppliance } from '../../test/appliance/simulated-appliance.ts';
import { startAppliance } from '../../test/appliance/start-appliance.ts';
import type { DataFolder } from './data-folder.ts';

/** What has to stay the same when the demo is started again: seeds, times, ports and trust. */
interface DemoFile {
  readonly from: number;
  readonly to: number;
  readonly ports: readonly number[];
  readonly authorities: readonly { readonly certificatePem: string; readonly keyPem: string }[];
}

const DAY = 86_400;
const products = [
  {
    product: 'RS',
    id: 'support',
    name: 'Remote Support (simulated)',
    hostName: 'support.example.com',
    seed: 1,
    sessions: 220,
  },
  {
    product: 'PRA',
    id: 'access',
    name: 'Privileged Remote Access (simulated)',
    hostName: 'access.example.com',
    seed: 2,
    sessions: 180,
  },
] as const;
const SECRET = 'demo-api-account';

const main: readonly StreamId[] = ['session-data', 'session-recording', 'backup'];
/** Of all other data types: so that a first look does not take minutes. */
const begin = { kind: 'days-back', days: 3 };

function others(product: Product): StreamId[] {
  return streams
    .filter(({ id, products: having }) => having.includes(product) && !main.includes(id))
    .map(({ id }) => id);
}

export interface Demo {
  readonly appliances: readonly SimulatedAppliance[];
  close(): Promise<void>;
}

/** Starts one simulated appliance a product, and saves settings that pull from both into a folder and a database. */
export async function startDemo(data: DataFolder, state: StateStore): Promise<Demo> {
  const known = existsSync(data.demo) ? (JSON.parse(readFileSync(data.demo, 'utf8')) as DemoFile) : undefined;
  const now = Math.floor(Date.now() / 1000);
  const times = known ?? { from: now - 30 * DAY, to: now + 2 * DAY };
  const appliances: SimulatedAppliance[] = [];
  for (const [index, { product, seed, sessions, hostName }] of products.entries()) {
    const options: ApplianceOptions = {
      product,
      seed,
      sessions,
      from: times.from,
      to: times.to,
      siteHost: hostName,
    };
    const port = known?.ports[index] ?? 0;
    const authority = known?.authorities[index];
    try {
      appliances.push(await startAppliance({ ...options, port, ...(authority ? { authority } : {}) }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new Error(
        `Port ${port} of the simulated ${product} appliance is in use: is this folder started already? Else use --reset.`,
      );
    }
  }
  if (!known) {
    const file: DemoFile = {
      from: times.from,
      to: times.to,
      ports: appliances.map(({ port }) => port),
      authorities: appliances.map(({ authority }) => authority),
    };
    writeFileSync(data.secrets, `${JSON.stringify({ [SECRET]: defaultOAuthAccount.secret }, null, 2)}\n`, {
      mode: 0o600,
    });
    const { etag } = await loadSettings(state);
    await saveSettings(state, demoSettings(data, appliances), etag);
    // Last: a start that was interrupted before this begins anew.
    writeFileSync(data.demo, JSON.stringify(file), { mode: 0o600 });
  }
  return {
    appliances,
    close: async () => {
      for (const appliance of appliances) await appliance.close();
    },
  };
}

function demoSettings(data: DataFolder, appliances: readonly SimulatedAppliance[]): unknown {
  return {
    sites: products.map(({ id, name, product, hostName }, index) => ({
      id,
      name,
      product,
      host: appliances[index]?.address,
      hostName,
      account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: SECRET },
      certificateAuthority: appliances[index]?.caPem,
    })),
    destinations: [
      { id: 'folder', name: 'Folder', plugin: 'file', settings: { kind: 'folder', directory: data.files } },
      {
        id: 'database',
        name: 'Session database',
        plugin: 'sql',
        settings: { kind: 'sqlite', path: data.sessions },
      },
    ],
    schedules: products.map(({ id, name, product }) => ({
      id,
      name: `${name}, every 15 minutes`,
      every: { minutes: 15 },
      transfers: [
        { site: id, destination: 'folder', dataTypes: [...main] },
        { site: id, destination: 'folder', dataTypes: others(product), commandShellFormat: 'both', begin },
        { site: id, destination: 'database', dataTypes: ['session-data'] },
        {
          site: id,
          destination: 'database',
          dataTypes: others(product).filter((stream) => sqlPlugin.takes.reports?.includes(stream)),
          begin,
        },
      ],
    })),
  };
}

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from '../../infra/local/data-folder.ts';
import { localPorts, localServices } from '../../infra/local/local-services.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { readSessionReport } from '../../shared/appliance/session-report.ts';
import { silentLog } from '../../shared/log.ts';
import type { Services } from '../../shared/services.ts';
import type { Session } from '../../shared/sessions/session.ts';
import { saveSettings } from '../../shared/settings/settings-store.ts';
import { defaultOAuthAccount } from '../appliance/accounts.ts';
import type { ApplianceOptions, SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { startAppliance } from '../appliance/start-appliance.ts';

export interface JobSite {
  readonly id: string;
  readonly host: string;
  readonly appliance: SimulatedAppliance;
}

/** The product in this process, with simulated appliances of both kinds, a folder and two databases. */
export interface Job {
  readonly stack: Stack;
  readonly sites: readonly JobSite[];
  readonly files: string;
  /** Should Store System Information on, and off. */
  readonly databases: { readonly full: string; readonly lean: string };
  /** Moves the appliances' clocks and ours by this much or a little more. */
  passTime(seconds: number): void;
  close(): Promise<void>;
}

/**
 * The appliances' clocks stand still at `now` or a little later, so that what is true does not change while it is read.
 * @param population of each appliance, but for product and seed
 */
export async function startJob(
  now: number,
  population: Pick<ApplianceOptions, 'sessions' | 'from' | 'to'> & Partial<ApplianceOptions>,
): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'job-'));
  const data = await openDataFolder(folder, false);
  const sites = await Promise.all(
    (['RS', 'PRA'] as const).map(async (product, index): Promise<JobSite> => {
      const host = product === 'RS' ? 'support.example.com' : 'access.example.com';
      const appliance = await startAppliance({ ...population, product, seed: 11 + index, siteHost: host });
      appliance.clock.rate(0);
      appliance.clock.set(now);
      return { id: product === 'RS' ? 'support' : 'access', host, appliance };
    }),
  );
  const appliances = sites.map(({ appliance }) => appliance);
  leaveEdges(appliances);
  writeFileSync(data.secrets, JSON.stringify({ account: defaultOAuthAccount.secret }), { mode: 0o600 });
  const databases = { full: data.sessions, lean: join(folder, 'lean.db') };
  let passed = 0;
  const services: Services = {
    ...localServices(localPorts(data), silentLog),
    now: () => Date.now() + passed * 1000,
  };
  await saveSettings(services.state, {
    sites: sites.map(({ id, host, appliance }) => ({
      id,
      name: id,
      host: appliance.address,
      hostName: host,
      account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'account' },
      certificateAuthority: appliance.caPem,
      requestsPerSecond: 100,
    })),
    destinations: [
      { id: 'folder', name: 'Folder', plugin: 'file', settings: { kind: 'folder', directory: data.files } },
      { id: 'full', name: 'Full', plugin: 'sql', settings: { kind: 'sqlite', path: databases.full } },
      {
        id: 'lean',
        name: 'Lean',
        plugin: 'sql',
        settings: { kind: 'sqlite', path: databases.lean, storeSystemInformation: false },
      },
    ],
    schedules: sites.map(({ id }) => ({
      id,
      name: id,
      every: { minutes: 15 },
      transfers: [
        { site: id, destination: 'folder', dataTypes: ['session-data', 'session-recording', 'backup'] },
        { site: id, destination: 'full', dataTypes: ['session-data'] },
        { site: id, destination: 'lean', dataTypes: ['session-data'] },
      ],
    })),
  });
  const stack = await startStack({
    services,
    log: silentLog,
    database: data.host,
    port: 0,
    timers: 'off',
  });
  return {
    stack,
    sites,
    files: data.files,
    databases,
    passTime(seconds) {
      const moved = seconds + leaveEdges(appliances, seconds);
      passed += moved;
    },
    async close() {
      await stack.close();
      for (const { appliance } of sites) await appliance.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Moves clocks that stand still on until no session begins or ends in their very second: windows end before it, so
 * such a session is the next run's.
 */
function leaveEdges(appliances: readonly SimulatedAppliance[], seconds = 0): number {
  for (const { clock } of appliances) clock.jump(seconds);
  for (let more = 0; ; more++) {
    const edge = appliances.some(({ clock, truth }) =>
      [...truth.sessions()].some(({ session }) => [session.startTime, session.endTime].includes(clock.now())),
    );
    if (!edge) return more;
    for (const { clock } of appliances) clock.jump(1);
  }
}

/** The sessions in a stored document. Throws when it is not a whole report. */
export async function readDocument(bytes: Uint8Array): Promise<Session[]> {
  const sessions: Session[] = [];
  for await (const { session } of readSessionReport(pieces(bytes))) sessions.push(session);
  return sessions;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export interface FileOnDisk {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly inode: number;
  readonly modifiedMs: number;
}

/** Name → file, of all that is visible in a destination's folder; names with folders in them where there are any. */
export function filesIn(directory: string): Map<string, FileOnDisk> {
  const files = new Map<string, FileOnDisk>();
  if (!existsSync(directory)) return files;
  for (const name of (readdirSync(directory, { recursive: true }) as string[]).sort()) {
    const { ino, mtimeMs, ...kind } = statSync(join(directory, name));
    if ((kind.mode & 0o170000) === 0o040000 || name.startsWith('.manifests')) continue;
    const bytes = readFileSync(join(directory, name));
    files.set(name, { bytes, sha256: sha256(bytes), inode: ino, modifiedMs: mtimeMs });
  }
  return files;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, openDataFolder } from '../../infra/local/data-folder.ts';
import { type LocalPorts, localPorts, localServices } from '../../infra/local/local-services.ts';
import { type Stack, type StackOptions, startStack } from '../../infra/local/stack.ts';
import type { ConnectionOptions } from '../../shared/connections.ts';
import type { Log, LogFields } from '../../shared/log.ts';
import type { Run, TransferResult } from '../../shared/runs/run.ts';
import type { Services } from '../../shared/services.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import { saveSettings } from '../../shared/settings/settings-store.ts';
import { readWatermark, type Watermark } from '../../shared/transfer/watermark.ts';
import { defaultOAuthAccount } from '../appliance/accounts.ts';
import type { ApplianceOptions, SentRequest, SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { startAppliance } from '../appliance/start-appliance.ts';
import { draftSettings } from './draft-settings.ts';

const HOUR = 3600;

/** Of every installation that is made here. */
const API_TOKEN = 'token-of-the-api-in-tests';

/** Goes with every request to the API of an installation. */
export const apiHeaders: Readonly<Record<string, string>> = { authorization: `Bearer ${API_TOKEN}` };

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class KeptLog implements Log {
  readonly lines: LogLine[] = [];
  debug = (message: string, fields: LogFields = {}) => this.#keep('debug', message, fields);
  info = (message: string, fields: LogFields = {}) => this.#keep('info', message, fields);
  warn = (message: string, fields: LogFields = {}) => this.#keep('warn', message, fields);
  error = (message: string, fields: LogFields = {}) => this.#keep('error', message, fields);
  #keep(level: string, message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields });
  }
}

export interface InstallationOptions {
  /** By site id. Default: `support`, RS. */
  readonly sites?: Readonly<Record<string, Partial<ApplianceOptions>>>;
  /** Where the appliances' sessions begin; three an hour from there on. Default 6. */
  readonly hoursBack?: number;
  /** More of the settings of every site. */
  readonly site?: object;
  /** Default `folder` (File System) and `database` (SQLite). */
  readonly destinations?: (data: DataFolder) => readonly unknown[];
  /** Of the one schedule, `all`. Default: everything of every site to both destinations. */
  readonly transfers?: readonly unknown[];
  readonly appliances?: ConnectionOptions['appliances'];
  /** To put something between the product and its ports. */
  readonly ports?: (ports: LocalPorts, data: DataFolder) => LocalPorts;
  readonly services?: (services: Services) => Services;
  readonly delivery?: StackOptions['delivery'];
}

/** The product in this process against simulated appliances over TLS, with a clock that the test moves. */
export interface Installation {
  readonly data: DataFolder;
  /** When the clocks stood at first, or a little before, Unix seconds. Sessions begin `hoursBack` before it. */
  readonly began: number;
  readonly stack: Stack;
  readonly services: Services;
  readonly log: KeptLog;
  /** By site id. Clocks stand still but for passTime. */
  readonly appliances: Map<string, SimulatedAppliance>;
  appliance(siteId?: string): SimulatedAppliance;
  /** Everything a site's appliances have sent, those that were replaced included. */
  sent(siteId?: string): SentRequest[];
  /** Puts another appliance in a site's place, on the same port and under the same authority, with the same clock. */
  replaceAppliance(siteId: string, changes?: Partial<ApplianceOptions>): Promise<void>;
  /** Moves our clock and the appliances' by this much, and a little on until nothing happens in the very second. */
  passTime(seconds: number): void;
  /** Runs every schedule once, each to its end. */
  runs(): Promise<Run[]>;
  /** The same where there is one schedule. */
  run(): Promise<Run>;
  changeSettings(change: (draft: Settings) => void): Promise<void>;
  watermark(siteId: string, stream: string, destinationId: string): Promise<Watermark | undefined>;
  close(): Promise<void>;
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  // What is open when the start fails would keep the test's process alive for ever.
  await using opened = new AsyncDisposableStack();
  const began = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  const folder = mkdtempSync(join(tmpdir(), 'installation-'));
  const data = await openDataFolder(folder, false);
  const { hoursBack = 6 } = options;
  const specs = Object.entries(options.sites ?? { support: {} });
  const appliances = new Map<string, SimulatedAppliance>();
  const applianceOptions = new Map<string, ApplianceOptions>();
  const past = new Map<string, SentRequest[]>();
  for (const [index, [id, spec]] of specs.entries()) {
    const made: ApplianceOptions = {
      product: 'RS',
      seed: 21 + index,
      siteHost: `${id}.example.com`,
      from: began - hoursBack * HOUR,
      to: began + 90 * HOUR,
      sessions: 3 * (hoursBack + 90),
      events: 4,
      recordingBytes: [3_000, 30_000],
      backupBytes: 20_000,
      oddities: 'plain',
      ...spec,
    };
    applianceOptions.set(id, made);
    appliances.set(id, opened.use(await startAppliance(made)));
  }
  for (const { clock } of appliances.values()) {
    clock.rate(0);
    clock.set(began);
  }
  leaveEdges([...appliances.values()]);
  writeFileSync(data.secrets, JSON.stringify({ account: defaultOAuthAccount.secret }), { mode: 0o600 });
  let passed = 0;
  const log = new KeptLog();
  const ports = options.ports?.(localPorts(data), data) ?? localPorts(data);
  const local = localServices(ports, log, {
    apiToken: API_TOKEN,
    appliances: {
      limits: { connectMs: 5_000, idleMs: 1_000, ...options.appliances?.limits },
      retry: { attempts: 2, baseMs: 20, ...options.appliances?.retry },
    },
  });
  const clocked: Services = { ...local, now: () => Date.now() + passed * 1000 };
  const services = options.services?.(clocked) ?? clocked;
  await saveSettings(services.state, settingsOf(options, data, appliances));
  const delivery = options.delivery === undefined ? {} : { delivery: options.delivery };
  const stack = await startStack({ services, log, database: data.host, port: 0, timers: 'off', ...delivery });
  opened.move();
  const runs = async () => {
    // Runs made within one millisecond would be one.
    passed += 1;
    return stack.runOnce();
  };
  const appliance = (siteId = specs[0]?.[0] ?? '') => {
    const found = appliances.get(siteId);
    if (!found) throw new Error(`no appliance ${siteId}`);
    return found;
  };
  return {
    data,
    began,
    stack,
    services,
    log,
    appliances,
    appliance,
    sent(siteId = specs[0]?.[0] ?? '') {
      return [...(past.get(siteId) ?? []), ...appliance(siteId).log];
    },
    async replaceAppliance(siteId, changes = {}) {
      const { port, authority, clock, log: sent, ...before } = appliance(siteId);
      const first = applianceOptions.get(siteId);
      if (!first) throw new Error(`no appliance ${siteId}`);
      await before.close();
      past.set(siteId, [...(past.get(siteId) ?? []), ...sent]);
      const next = await startAppliance({ ...first, ...changes, port, authority });
      next.clock.rate(0);
      next.clock.set(clock.now());
      appliances.set(siteId, next);
    },
    passTime(seconds) {
      const all = [...appliances.values()];
      for (const { clock } of all) clock.jump(seconds);
      passed += seconds + leaveEdges(all);
    },
    runs,
    async run() {
      const [run, ...more] = await runs();
      if (!run || more.length > 0) throw new Error(`${more.length + (run ? 1 : 0)} runs`);
      return run;
    },
    async changeSettings(change) {
      const { settings, etag } = await draftSettings(services.state);
      change(settings);
      await saveSettings(services.state, settings, etag);
    },
    async watermark(siteId, stream, destinationId) {
      const key = `${siteId}|${stream}|${destinationId}`;
      return (await readWatermark(services.state, siteId, key))?.value;
    },
    async close() {
      await stack.close();
      for (const appliance of appliances.values()) await appliance.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf(
  { site, destinations, transfers }: InstallationOptions,
  data: DataFolder,
  appliances: ReadonlyMap<string, SimulatedAppliance>,
): unknown {
  return {
    sites: [...appliances].map(([id, appliance]) => ({
      id,
      name: `Site ${id}`,
      host: appliance.address,
      hostName: `${id}.example.com`,
      account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'account' },
      certificateAuthority: appliance.caPem,
      requestsPerSecond: 100,
      ...site,
    })),
    destinations: destinations?.(data) ?? [folderSetting(data.files), databaseSetting(data.sessions)],
    schedules: [
      {
        id: 'all',
        name: 'All',
        every: { minutes: 15 },
        transfers:
          transfers ??
          [...appliances.keys()].flatMap((id) => [
            { site: id, destination: 'folder', dataTypes: ['session-data', 'session-recording', 'backup'] },
            { site: id, destination: 'database', dataTypes: ['session-data'] },
          ]),
      },
    ],
  };
}

export function folderSetting(directory: string, id = 'folder'): object {
  return { id, name: `Destination ${id}`, plugin: 'file', settings: { kind: 'folder', directory } };
}

export function databaseSetting(path: string, id = 'database'): object {
  return { id, name: `Destination ${id}`, plugin: 'sql', settings: { kind: 'sqlite', path } };
}

/**
 * Moves clocks that stand still on until no session begins or ends in their very second: windows end before it, so
 * such a session is the next run's.
 */
function leaveEdges(appliances: readonly SimulatedAppliance[]): number {
  for (let more = 0; ; more++) {
    const edge = appliances.some(({ clock, truth }) =>
      [...truth.sessions()].some(({ session }) => [session.startTime, session.endTime].includes(clock.now())),
    );
    if (!edge) return more;
    for (const { clock } of appliances) clock.jump(1);
  }
}

/** The result of one transfer of a run. */
export function resultOf(run: Run, stream: string, destinationId: string, siteId?: string): TransferResult {
  const result = run.results?.find(
    (one) =>
      one.stream === stream &&
      one.destinationId === destinationId &&
      (siteId === undefined || one.siteId === siteId),
  );
  if (!result) throw new Error(`run ${run.id} has no result for ${stream} to ${destinationId}`);
  return result;
}

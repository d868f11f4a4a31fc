import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Role } from '../../shared/access/roles.ts';
import { createApi } from '../../shared/api/app.ts';
import { Connections } from '../../shared/connections.ts';
import { Failure } from '../../shared/errors.ts';
import type { Services } from '../../shared/services.ts';
import { parseSettings, saveSettings } from '../../shared/settings/settings-store.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { defaultOAuthAccount } from '../appliance/accounts.ts';
import type { SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { KeptLog } from './installation.ts';
import { memoryStaging } from './memory-staging.ts';
import { as } from './principals.ts';

export interface DeskAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
  readonly body: any;
  readonly bytes: Buffer;
}

/** The API in this process, with one site, which is a simulated appliance: `main`. */
export interface Desk {
  readonly services: Services;
  readonly log: KeptLog;
  /** By name; the test changes them. */
  readonly secrets: Map<string, string>;
  /** Our clock, milliseconds; it stands still. */
  readonly clock: { now: number };
  call(
    method: string,
    path: string,
    body?: unknown,
    role?: Role,
    headers?: Readonly<Record<string, string>>,
  ): Promise<DeskAnswer>;
  /** Everything that the state holds, as its files have it. */
  stored(): string;
  /** Where the state is: another desk goes on with it. */
  readonly folder: string;
  close(): Promise<void>;
}

export interface DeskOptions {
  /** More of the site, and of the application settings. */
  readonly site?: object;
  readonly application?: object;
  /** In place of one in the folder. */
  readonly state?: StateStore;
  /** Of a desk before. */
  readonly folder?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

export async function openDesk(
  context: TestContext,
  appliance: SimulatedAppliance,
  options: DeskOptions = {},
): Promise<Desk> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'desk-'));
  const state = options.state ?? openSqliteState(join(folder, 'state.db'));
  const log = new KeptLog();
  const secrets = new Map(Object.entries({ account: defaultOAuthAccount.secret, ...options.secrets }));
  const store = {
    async get(name: string) {
      const value = secrets.get(name);
      if (value === undefined)
        throw new Failure('terminal', 'secret-missing', `The secret "${name}" is nowhere.`);
      return value;
    },
  };
  const appliances = { limits: { connectMs: 2000, idleMs: 2000 }, retry: { baseMs: 5, maxMs: 50 } };
  const connections = new Connections({ state, secrets: store, log, appliances });
  const clock = { now: Date.UTC(2026, 10, 18, 12) };
  const services: Services = {
    state,
    staging: memoryStaging(),
    secrets: store,
    log,
    now: () => clock.now,
    appliance: (site) => connections.appliance(site),
    commands: (site) => connections.commands(site),
    destination: (destination) => connections.destination(destination),
    trial: (given) => connections.trial(given),
    close: async () => {},
  };
  const settings = parseSettings({
    sites: [
      {
        id: 'main',
        name: 'Main',
        host: appliance.address,
        hostName: 'main.example.com',
        account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'account' },
        certificateAuthority: appliance.caPem,
        requestsPerSecond: 100,
        ...options.site,
      },
    ],
    ...(options.application ? { application: options.application } : {}),
  });
  if (!(await state.get('settings', 'settings', 'current'))) await saveSettings(state, settings);
  const api = createApi();
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      await connections.close();
      await state.close();
    })());
  context.after(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    services,
    log,
    secrets,
    clock,
    close,
    folder,
    stored: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('\n'),
    async call(method, path, body, role = 'Administrator', headers = {}) {
      const answer = await api.fetch(
        new Request(`http://127.0.0.1/api${path}`, {
          method,
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
        {
          services,
          starter: { start: async () => {}, isGoing: async () => false },
          authenticate: as(role),
        },
      );
      const bytes = Buffer.from(await answer.arrayBuffer());
      const isJson = /json/.test(answer.headers.get('content-type') ?? '');
      return {
        status: answer.status,
        headers: answer.headers,
        body: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
        bytes,
      };
    },
  };
}

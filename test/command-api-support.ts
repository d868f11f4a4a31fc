import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CommandName, commandNamed } from '../shared/appliance/command-api/index.ts';
import { fromWire } from '../shared/appliance/command-api/wire.ts';
import { connectCommands, type SiteCommands } from '../shared/appliance/connect-commands.ts';
import type { Log } from '../shared/log.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import { type Answer, ask, takeToken } from './appliance/plain-client.ts';
import type { ApplianceOptions, SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { appliance } from './appliance-client-support.ts';

export interface Bench {
  readonly site: SimulatedAppliance;
  readonly client: SiteCommands;
  /** A session that is running. */
  readonly lsid: string;
}

export function clientOf(
  site: SimulatedAppliance,
  options: { readonly product?: 'RS' | 'PRA'; readonly log?: Log; readonly idleMs?: number } = {},
): SiteCommands {
  const { log, product, idleMs = 5000 } = options;
  return connectCommands({
    site: {
      id: 'main',
      name: 'Main',
      host: site.address,
      ca: site.caPem,
      product,
      auth: { kind: 'oauth', clientId: site.accounts[0]?.id ?? defaultOAuthAccount.id },
    },
    secret: async () => site.accounts[0]?.secret ?? '',
    limits: { connectMs: 2000, idleMs },
    retry: { baseMs: 5, maxMs: 50 },
    ...(log === undefined ? {} : { log }),
  });
}

/** Enough sessions that a long one is still running. */
export async function bench(
  context: TestContext,
  product: 'RS' | 'PRA',
  options: Partial<ApplianceOptions> = {},
): Promise<Bench> {
  const site = await appliance(context, { product, sessions: 60, ...options });
  const running = [...site.truth.sessions()].find(({ state }) => state === 'running');
  assert(running, 'a running session');
  const client = clientOf(site, { product });
  context.after(() => client.close());
  return { site, client, lsid: running.session.lsid };
}

/** A query example of the guide, as its action and the parameters that are typed from it. */
export function example(query: string): {
  readonly name: CommandName;
  readonly parameters: Record<string, unknown>;
} {
  const { action = '', ...rest } = Object.fromEntries(queryPairs(query));
  const command = commandNamed(action);
  return {
    name: command.name as CommandName,
    parameters: fromWire(command.parameters, Object.entries(rest)),
  };
}

export function queryPairs(query: string): [string, string][] {
  return [...new URLSearchParams(query)];
}

/** A command past the client and its checks, for what the appliance itself says. */
export async function raw(
  site: SimulatedAppliance,
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  const token = await takeToken(site);
  return ask(site, '/api/command', {
    token,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  });
}

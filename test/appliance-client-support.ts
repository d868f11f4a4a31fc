import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Appliance, SessionSelector } from '../shared/appliance/appliance.ts';
import {
  type ApplianceOptions as ClientOptions,
  connectAppliance,
} from '../shared/appliance/connect-appliance.ts';
import { readSessionReport } from '../shared/appliance/session-report.ts';
import { Failure } from '../shared/errors.ts';
import type { SessionReading } from '../shared/sessions/session.ts';
import { defaultLegacyAccount, defaultOAuthAccount } from './appliance/accounts.ts';
import type { ApplianceOptions, SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';

export const FROM = 1_760_000_000;
export const TO = FROM + 86_400;

/** An appliance whose day has just ended, removed with the test. */
export async function appliance(
  context: TestContext,
  options: Partial<ApplianceOptions> = {},
): Promise<SimulatedAppliance> {
  const started = await startAppliance({
    product: 'RS',
    seed: 7,
    sessions: 40,
    from: FROM,
    to: TO,
    events: 8,
    ...options,
  });
  started.clock.set(TO + 3600);
  context.after(() => started.close());
  return started;
}

export interface ConnectOptions {
  readonly site?: Partial<ClientOptions['site']>;
  readonly secret?: string | (() => Promise<string>);
  readonly limits?: ClientOptions['limits'];
  readonly log?: ClientOptions['log'];
  readonly retry?: ClientOptions['retry'];
}

export function connect(target: { address: string; caPem: string }, options: ConnectOptions = {}): Appliance {
  const { secret = defaultOAuthAccount.secret } = options;
  return connectAppliance({
    site: {
      id: 'main',
      name: 'Main',
      host: target.address,
      ca: target.caPem,
      auth: { kind: 'oauth', clientId: defaultOAuthAccount.id },
      ...options.site,
    },
    secret: typeof secret === 'string' ? async () => secret : secret,
    limits: { connectMs: 2000, idleMs: 1500, ...options.limits },
    retry: { baseMs: 5, maxMs: 50, ...options.retry },
    ...(options.log === undefined ? {} : { log: options.log }),
  });
}

export const legacy: ConnectOptions = {
  site: { auth: { kind: 'legacy', username: defaultLegacyAccount.id } },
  secret: defaultLegacyAccount.secret,
};

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Every session of the answer; `undefined` = nothing found. */
export async function readings(
  client: Appliance,
  selector: SessionSelector,
): Promise<SessionReading[] | undefined> {
  const report = await client.sessionReport(selector);
  if (report === undefined) return undefined;
  return collect(readSessionReport(report.chunks));
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<{ size: number; sha256: string }> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    digest.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: digest.digest('hex') };
}

/** Checks kind and code, that the text is one line for people, and that it has none of the secrets. */
export async function failsWith(
  work: Promise<unknown>,
  kind: string,
  code: string,
  words?: RegExp,
): Promise<Failure> {
  let failure: Failure | undefined;
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Failure, `a Failure, not ${error instanceof Error ? error.stack : error}`);
    failure = error;
    assert.deepEqual([error.kind, error.code], [kind, code], error.message);
    assert.ok(!error.message.includes('\n'), error.message);
    for (const secret of [defaultOAuthAccount.secret, defaultLegacyAccount.secret]) {
      assert.ok(!error.message.includes(secret));
    }
    if (words !== undefined) assert.match(error.message, words);
    return true;
  });
  assert.ok(failure);
  return failure;
}

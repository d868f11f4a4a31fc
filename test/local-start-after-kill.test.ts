import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DataFolder } from '../infra/local/data-folder.ts';
import { localPorts, localServices } from '../infra/local/local-services.ts';
import { type Stack, startStack } from '../infra/local/stack.ts';
import { silentLog } from '../shared/log.ts';
import type { Run } from '../shared/runs/run.ts';
import { makeScheduleRun } from '../shared/schedules/make-run.ts';
import type { Services } from '../shared/services.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { holdSlot } from '../shared/transfer/slots.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { makeInstallation, type TestSite } from './kill/installation.ts';

const now = 1_780_000_000;

/** An installation of two sites whose clocks, and ours, stand still. */
async function installed(
  context: TestContext,
): Promise<{ data: DataFolder; services: Services; start: () => Promise<Stack> }> {
  const folder = mkdtempSync(join(tmpdir(), 'start-after-kill-'));
  const sites: TestSite[] = [];
  for (const product of ['RS', 'PRA'] as const) {
    const population = { sessions: 3, from: now - 20_000, to: now - 10_000, events: 2, backupBytes: 1000 };
    const appliance = await startAppliance({ product, seed: 7, ...population });
    appliance.clock.rate(0);
    appliance.clock.set(now);
    context.after(() => appliance.close());
    sites.push({
      id: product.toLowerCase(),
      appliance,
      product,
      hostName: 'example.com',
      begin: now - 30_000,
    });
  }
  const data = await makeInstallation(folder, sites);
  const services = { ...localServices(localPorts(data), silentLog), now: () => now * 1000 };
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    data,
    services,
    start: async () => {
      const options = { services, log: silentLog, database: data.host, port: 0, timers: 'off' } as const;
      const stack = await startStack(options);
      context.after(() => stack.close());
      return stack;
    },
  };
}

const told = (runs: readonly Run[]) => runs.map(({ scheduleId, status }) => [scheduleId, status]).sort();

test('a start does not wait for slots that a process held when it was killed', {
  timeout: 30_000,
}, async (t) => {
  const { services, start } = await installed(t);
  const { settings } = await loadSettings(services.state);
  for (const site of settings.sites)
    for (let slot = 0; slot < site.concurrency; slot++)
      await holdSlot(services, site, new AbortController().signal);
  const stack = await start();
  // Our clock stands still, so these leases would never end.
  assert.deepEqual(told(await stack.runOnce()), [
    ['pra', 'succeeded'],
    ['rs', 'succeeded'],
  ]);
});

test('schedules that got no run because the start was cut off between them are run with the others', async (t) => {
  const { services, start } = await installed(t);
  const { settings } = await loadSettings(services.state);
  const [first] = settings.schedules;
  assert.ok(first);
  const { dueAt } = await makeScheduleRun(services.state, settings, first, now * 1000 - 5000);
  const stack = await start();
  const runs = await stack.runOnce();
  assert.deepEqual(told(runs), [
    ['pra', 'succeeded'],
    ['rs', 'succeeded'],
  ]);
  assert.deepEqual(new Set(runs.map((run) => run.dueAt)), new Set([dueAt]));
});

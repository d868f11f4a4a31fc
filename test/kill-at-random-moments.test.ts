import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startAppliance } from './appliance/start-appliance.ts';
import { checkStored } from './kill/check-stored.ts';
import { Child } from './kill/child.ts';
import type { Job } from './kill/host.ts';
import { makeInstallation, type TestSite } from './kill/installation.ts';
import { assertSameState } from './kill/same-state.ts';
import { seededRandom } from './kill/seeded-random.ts';
import { readStoredState } from './kill/stored-state.ts';

const DAY = 86_400;
/** With every message delivered twice a run takes long: fewer of them in `npm test`. */
const KILLS = { once: 10, 'twice-overlapping': process.env.KILL_TESTS === 'all' ? 10 : 3 };

/** Two appliances with sessions of the last days, all of which are over; some have broken off. */
async function twoSites(t: TestContext): Promise<TestSite[]> {
  const now = Math.floor(Date.now() / 1000);
  const sites: TestSite[] = [];
  for (const product of ['RS', 'PRA'] as const) {
    const appliance = await startAppliance({
      product,
      seed: 90,
      sessions: 60,
      from: now - 6 * DAY,
      to: now - 3 * DAY,
      events: 10,
      recordingBytes: [2000, 400_000],
      backupBytes: 500_000,
    });
    t.after(() => appliance.close());
    sites.push({
      id: product === 'RS' ? 'support' : 'access',
      appliance,
      product,
      hostName: `${product.toLowerCase()}.example.com`,
      begin: now - 7 * DAY,
      openSessionHours: 1,
    });
  }
  return sites;
}

for (const delivery of ['once', 'twice-overlapping'] as const)
  test(`killed at ${KILLS[delivery]} random moments, messages delivered ${delivery}, a larger run stores all there is`, async (t) => {
    const { seed, random } = seededRandom();
    const folder = mkdtempSync(join(tmpdir(), 'kill-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const sites = await twoSites(t);
    const child = () => new Child();
    const job = (data: { readonly folder: string }): Job => ({
      folder: data.folder,
      delivery,
      clockOffsetMs: 0,
    });

    let living = child();
    t.after(() => living.close());
    const alone = await makeInstallation(join(folder, 'alone'), sites);
    const began = Date.now();
    const whole = await living.run(job(alone));
    const took = Date.now() - began;
    let span = took;
    assert.ok(whole !== 'killed' && whole.done, JSON.stringify(whole));
    const uninterrupted = await readStoredState(alone);
    checkStored(uninterrupted, sites, delivery);

    const data = await makeInstallation(join(folder, 'killed'), sites);
    const moments: string[] = [];
    for (let kills = 0; kills < KILLS[delivery]; ) {
      // Each start has to get somewhere, and all ten kills are to find work under way.
      const moment = Math.round((0.02 + 0.3 * random()) * span);
      const answer = await living.run(job(data), moment);
      moments.push(answer === 'killed' ? `${moment}` : `(ended before ${moment})`);
      if (answer !== 'killed') {
        assert.ok(answer.done, JSON.stringify(answer));
        // The machine was slower when the time was taken, or little was left to do.
        span *= 0.6;
        continue;
      }
      kills++;
      living = child();
    }
    const last = await living.run(job(data));
    assert.ok(last !== 'killed' && last.done, JSON.stringify(last));
    t.diagnostic(`seed ${seed}; left alone it took ${took} ms; killed after ms: ${moments.join(', ')}`);
    const stored = await readStoredState(data);
    checkStored(stored, sites, delivery);
    assertSameState(stored, uninterrupted, 300);
  });

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveWork } from '../shared/runs/live-runs.ts';
import type { Run } from '../shared/runs/run.ts';
import type { SessionTruth } from './appliance/simulated-appliance.ts';
import { apiHeaders, startInstallation } from './support/installation.ts';

const secret = 'secret-of-the-events-0123456789';

test('a session whose end the appliance tells is there minutes later, long before its schedule is due', async (t) => {
  const house = await startInstallation({
    hoursBack: 2,
    site: { eventSecret: 'hook' },
    ports: (ports) => ({
      ...ports,
      secrets: { get: async (name) => (name === 'hook' ? secret : ports.secrets.get(name)) },
    }),
  });
  t.after(() => house.close());
  await house.changeSettings((draft) => {
    for (const schedule of draft.schedules) schedule.every = { hours: 168 };
  });
  const { truth, clock } = house.appliance();
  const post = async (one: SessionTruth, given = secret) => {
    const { status } = await fetch(`${house.stack.host.url}/api/events/${given}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ event: 'support_conference_end', lsid: one.session.lsid, version: '1.3' }),
    });
    return status;
  };
  const tick = async () => {
    await house.stack.host.fireTimer('schedule-tick');
    await house.stack.host.idle();
  };
  const pulls = async () =>
    (
      (await (await fetch(`${house.stack.host.url}/api/runs?kind=pull`, { headers: apiHeaders })).json()) as {
        runs: Run[];
      }
    ).runs;
  const isThere = ({ session }: SessionTruth, extension: string) =>
    existsSync(join(house.data.files, `support.example.com-support-${session.lsid}.${extension}`));
  await tick();
  const all = [...truth.sessions()];
  const ended = all.find(({ state, hasRecording }) => hasRecording && state === 'closed');
  const running = all.find(({ state, closesAt = 0 }) => state === 'running' && closesAt > clock.now() + 200);
  assert.ok(ended && running);
  const ends = running.closesAt ?? 0;

  assert.equal(await post(ended, 'an-unknown-secret-of-nobody'), 404);
  assert.equal(
    (await fetch(`${house.stack.host.url}/api/events/${secret}`, { headers: apiHeaders })).status,
    404,
    'it takes posts alone',
  );
  assert.equal(await post(ended), 200);
  assert.equal(await post(ended), 200);
  // It says so too early: its report is still that of a running session.
  assert.equal(await post(running), 200);
  await tick();
  assert.deepEqual(await pulls(), []);
  house.passTime(125);
  await tick();
  const [pull, ...more] = await pulls();
  assert.equal(more.length, 0);
  assert.deepEqual([pull?.status, pull?.trigger], ['succeeded', 'event']);
  assert.ok(isThere(ended, 'xml') && isThere(ended, 'flv'));
  assert.ok(!isThere(running, 'xml'));
  assert.equal((await house.watermark('support', 'session-data', 'folder')) ?? 'none', 'none');

  await tick();
  assert.deepEqual(
    (await liveWork(house.services.state)).events.map(({ value }) => value.lsid),
    [running.session.lsid],
  );
  house.passTime(Math.max(200, ends - clock.now() + 60));
  await tick();
  assert.equal((await pulls()).length, 2);
  assert.ok(isThere(running, 'xml'), 'it has ended now');
  await tick();
  assert.deepEqual((await liveWork(house.services.state)).events, []);
  assert.ok(!JSON.stringify(house.log.lines).includes(secret));
});

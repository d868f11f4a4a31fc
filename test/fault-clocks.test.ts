import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

const HOUR = 3600;
let installation: Installation;
afterEach(() => installation.close());

async function start(): Promise<void> {
  installation = await startInstallation({
    sites: { ahead: {}, behind: {} },
    transfers: ['ahead', 'behind'].flatMap((site) => [
      { site, destination: 'folder', dataTypes: ['session-data', 'session-recording'] },
      { site, destination: 'database', dataTypes: ['session-data'] },
    ]),
  });
}

async function everythingIsThere(): Promise<void> {
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
}

function alarms(run: Run, siteId?: string): string[] {
  return [...resultOf(run, 'session-data', 'folder', siteId).alarms];
}

test('appliances two hours ahead and two hours behind: their own time counts, and nobody is alarmed', async () => {
  await start();
  installation.appliance('ahead').clock.jump(2 * HOUR);
  installation.appliance('behind').clock.jump(-2 * HOUR);
  installation.passTime(0);
  for (let turn = 0; turn < 3; turn++) {
    const run = await installation.run();
    assert.equal(run.status, 'succeeded');
    await everythingIsThere();
    for (const id of ['ahead', 'behind']) {
      assert.deepEqual(alarms(run, id), []);
      const mark = await installation.watermark(id, 'session-data', 'folder');
      assert.equal(mark?.to, installation.appliance(id).clock.now(), `${id}: up to the appliance's now`);
    }
    installation.passTime(1.5 * HOUR);
  }
});

test('a clock that jumps forward and back: what ended in between is read, with an alarm each time', async () => {
  installation = await startInstallation();
  const { clock, truth } = installation.appliance();
  // Until the clock is right again nobody begins or ends a session.
  while ([...truth.sessions()].some(({ state }) => state === 'running')) installation.passTime(60);
  const known = [...truth.sessions()].length;
  const from = installation.began - 6 * HOUR;
  await installation.replaceAppliance('support', { sessions: known, from, to: from + known * 1200 });
  assert.equal((await installation.run()).status, 'succeeded');
  const right = clock.now();

  const ahead = installation.appliance().clock;
  ahead.jump(2 * HOUR);
  const forward = await installation.run();
  assert.equal(forward.status, 'succeeded');
  assert.match(alarms(forward).join(), /clock jumped by (71[89]\d|7200) s/);
  const beyond = await installation.watermark('support', 'session-data', 'folder');
  assert.equal(beyond?.to, right + 2 * HOUR);

  ahead.jump(-2 * HOUR);
  await installation.replaceAppliance('support');
  installation.passTime(HOUR);
  const between = [...installation.appliance().truth.sessions()].filter(
    ({ session }) => (session.endTime ?? 0) >= right,
  );
  assert.ok(between.length > 1, 'sessions ended in between');
  const back = await installation.run();
  assert.equal(back.status, 'succeeded');
  assert.match(alarms(back).join(), /clock jumped by -72\d\d s/);
  await everythingIsThere();

  // The clock comes to where it jumped to a second time, which nobody needs to know.
  for (let turn = 0; turn < 2; turn++) {
    installation.passTime(1.2 * HOUR);
    const run = await installation.run();
    assert.equal(run.status, 'succeeded');
    assert.deepEqual(alarms(run), []);
    await everythingIsThere();
  }
});

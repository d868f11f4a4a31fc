import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepHouse } from '../shared/housekeeping/keep-house.ts';
import { HISTORY_DAYS, purgeHistories } from '../shared/housekeeping/purge-histories.ts';
import { removeRuns } from '../shared/housekeeping/remove-runs.ts';
import { listReconciliations } from '../shared/reconciliation/record.ts';
import { liveRuns } from '../shared/runs/live-runs.ts';
import { reportPart } from '../shared/runs/progress.ts';
import { changeRun, getRun, type Run, transferKey } from '../shared/runs/run.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import type { Collection } from '../shared/state/state-store.ts';
import { startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import { makeWorkbench, newYear } from './support/workbench.ts';

const DAY = 86_400_000;
const never = () => false;

test('old run records go with all that hangs on them; runs that have not ended, and newer ones, stay', async (t) => {
  const bench = makeWorkbench(t);
  const { state } = bench.services;
  const made: Run[] = [];
  for (const days of [0, 50, 100, 100.5]) {
    bench.clock.now = newYear * 1000 + days * DAY;
    const run = await bench.scheduleRun();
    const [transfer] = run.transfers;
    for (let part = 0; part < 130; part++)
      await reportPart(bench.services, run.id, transferKey(transfer ?? assert.fail()), `part-${part}`, {
        stored: 1,
      });
    made.push(run);
  }
  const [first, going, old, recent] = made.map(({ id }) => id) as [string, string, string, string];
  for (const id of [first, old, recent])
    await changeRun(state, id, (run) => ({ ...run, finishedAt: 'then', status: 'succeeded' }));
  await state.put('runs', 'settings', first.replace('-schedule', '-orphan'), {});

  const before = newYear * 1000 + 100.2 * DAY;
  let looks = 0;
  const cutOff = await removeRuns(state, before, () => looks++ > 0);
  assert.deepEqual(cutOff, { removed: 1, done: false });
  assert.deepEqual(await removeRuns(state, before, never), { removed: 1, done: true });
  assert.deepEqual(await removeRuns(state, before, never), { removed: 0, done: true });

  for (const id of [first, old]) {
    assert.equal(await getRun(state, id), undefined);
    assert.equal(await state.get('runs', 'settings', id), undefined);
    assert.deepEqual((await state.list('runs', `part|${id}`)).entries, []);
  }
  for (const id of [going, recent]) {
    assert.ok(await getRun(state, id));
    assert.ok(await state.get('runs', 'settings', id));
    assert.equal((await state.list('runs', `part|${id}`)).entries.length, 130);
  }
  const settings = await state.list('runs', 'settings');
  assert.deepEqual(settings.entries.map(({ key }) => key).toSorted(), [going, recent].toSorted());
  assert.deepEqual((await liveRuns(state)).map(({ runId }) => runId).toSorted(), [going, recent].toSorted());
});

test('histories are purged day by day up to their age, and go on where they were cut off', async (t) => {
  const { services, clock } = makeWorkbench(t);
  const asked: [number, number][] = [];
  const client = {
    async purgeInstanceHistoryBy(filter: {
      createdTimeFrom: Date;
      createdTimeTo: Date;
      runtimeStatus: unknown;
    }) {
      assert.deepEqual(filter.runtimeStatus, ['Completed', 'Failed', 'Terminated']);
      asked.push([filter.createdTimeFrom.getTime(), filter.createdTimeTo.getTime()]);
      return { instancesDeleted: 2 };
    },
  };
  clock.now += 40 * DAY;
  const until = clock.now - HISTORY_DAYS * DAY;
  let left = 20;
  const purge = () => purgeHistories(services, client, 365, () => left-- <= 0);
  assert.deepEqual(await purge(), { removed: 40, done: false });
  const reached = asked.at(-1)?.[1] ?? 0;
  left = 1000;
  asked.splice(0);
  assert.equal((await purge()).done, true);
  assert.ok((asked[0]?.[0] ?? 0) <= reached);
  assert.equal(asked.at(-1)?.[1], until);
  for (const [index, [from]] of asked.entries()) if (index > 0) assert.equal(from, asked[index - 1]?.[1]);
  // Where runs are to be removed sooner, histories are too.
  clock.now += DAY;
  await purgeHistories(services, client, 3, never);
  assert.equal(asked.at(-1)?.[1], clock.now - 3 * DAY);
});

test('one step that fails does not keep the others from their work, and it is done again within the hour', async (t) => {
  const bench = makeWorkbench(t);
  const { services, clock } = bench;
  const settings = { ...bench.settings, application: { runRemovalDays: 10 } };
  await saveSettings(services.state, settings);
  const run = await bench.scheduleRun();
  await changeRun(services.state, run.id, (one) => ({ ...one, finishedAt: 'then' }));
  clock.now += 11 * DAY;
  let calls = 0;
  const client = {
    async purgeInstanceHistoryBy() {
      if (calls++ === 0) throw new Error('the hub is away');
      return { instancesDeleted: 0 };
    },
  };
  await assert.rejects(keepHouse(services, client), /the hub is away/);
  assert.equal(await getRun(services.state, run.id), undefined);
  await keepHouse(services, client);
  const { length } = { length: calls };
  await keepHouse(services, client);
  assert.equal(calls, length, 'a day has to pass first');
  clock.now += DAY;
  await keepHouse(services, client);
  assert.ok(calls > length);
});

test('housekeeping of an installation leaves evidence alone', async (t) => {
  let passed = 0;
  const installation = await startInstallation({
    services: (services) => ({ ...services, now: () => services.now() + passed }),
  });
  t.after(() => installation.close());
  const { stack, services, data } = installation;
  await installation.changeSettings((draft) => {
    draft.application.reconcileHour = 0;
  });
  const run = await installation.run();
  await stack.host.fireTimer('housekeeping');
  await stack.resume();
  await stack.host.idle();
  assert.ok(await getRun(services.state, run.id), 'a new one stays');
  const instances = async () => {
    const answer = await fetch(`${stack.host.managementUrl}/instances?top=1000`);
    return ((await answer.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId);
  };
  assert.ok((await instances()).includes(run.id));

  const evidence = async () => {
    const kept: unknown[] = [];
    for (const [collection, partition] of [
      ['catalog', 'folder'],
      ['ledger', 'support|session-data'],
      ['ledger', 'support|session-recording'],
      ['watermarks', 'support'],
      ['coverage', 'site|support'],
      ['settings', 'settings'],
      ['audit', 'settings'],
    ] as [Collection, string][])
      kept.push((await services.state.list(collection, partition)).entries);
    return [kept, [...filesIn(data.files).keys()], readSqlContent(data.sessions).dump()];
  };
  const before = await evidence();
  assert.ok((before[0] as unknown[][])[0]?.length ?? 0 > 50);
  passed = 400 * DAY;
  await installation.changeSettings((draft) => {
    // Today's reconciliation is not what is tested here.
    draft.scheduler = 'stopped';
  });
  const settings = (await evidence())[0];
  await stack.host.fireTimer('housekeeping');
  assert.deepEqual((await evidence())[0], settings);
  assert.deepEqual((await evidence()).slice(1), before.slice(1));
  assert.deepEqual((await services.state.list('runs', 'run')).entries, []);
  assert.deepEqual((await services.state.list('runs', 'settings')).entries, []);
  assert.deepEqual((await listReconciliations(services.state)).entries, []);
  assert.deepEqual(await instances(), []);
});

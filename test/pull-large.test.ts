import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isFinished, type Run } from '../shared/runs/run.ts';
import { callApi } from './support/imports.ts';
import { databaseSetting, resultOf, startInstallation } from './support/installation.ts';

/** `LARGE_PULL=10000` for the whole size. */
const SESSIONS = Number(process.env.LARGE_PULL ?? 600);
const HOURS = 240;

test(`a pull of ${SESSIONS} sessions shows progress that grows, is cancelled in its midst, and repeated doubles nothing`, async (t) => {
  const house = await startInstallation({
    hoursBack: HOURS,
    sites: { support: {} },
    destinations: ({ sessions }) => [databaseSetting(sessions)],
    transfers: [{ site: 'support', destination: 'database', dataTypes: ['session-data'] }],
  });
  t.after(() => house.close());
  const began = house.began - HOURS * 3600;
  await house.replaceAppliance('support', { sessions: SESSIONS, from: began, to: house.began, events: 1 });
  const body = {
    sites: ['support'],
    destinations: ['database'],
    dataTypes: ['session-data'],
    from: new Date(began * 1000).toISOString(),
  };
  const { clock, truth } = house.appliance();
  const wanted = [...truth.sessions(clock.now())].length;
  assert.ok(wanted > 0.95 * SESSIONS);
  const forecast = await callApi<{ transfers: { found: number; fresh: number }[] }>(house, 'POST', '/pulls', {
    ...body,
    dryRun: true,
  });
  assert.equal(forecast.body.transfers[0]?.fresh, forecast.body.transfers[0]?.found);
  assert.equal((await house.services.state.list('runs', 'run')).entries.length, 0);

  const stored = (run: Run) => resultOf(run, 'session-data', 'database').counts.stored;
  const watch = async (
    id: string,
    until: (run: Run, seen: readonly number[]) => boolean,
  ): Promise<number[]> => {
    const seen: number[] = [];
    for (;;) {
      const { body: run } = await callApi<Run>(house, 'GET', `/pulls/${id}`);
      const count = stored(run);
      if (count !== seen.at(-1)) seen.push(count);
      if (until(run, seen)) return seen;
      await pause(20);
    }
  };
  const first = (await callApi<Run>(house, 'POST', '/pulls', body)).body;
  const seen = await watch(first.id, (run, counts) => counts.length > 2 || isFinished(run));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
    'progress only grows',
  );
  await callApi(house, 'POST', `/pulls/${first.id}/cancel`);
  await watch(first.id, isFinished);
  await house.stack.host.idle();
  const { body: cancelled } = await callApi<Run>(house, 'GET', `/pulls/${first.id}`);
  assert.equal(cancelled.status, 'cancelled');
  assert.ok(stored(cancelled) > 0 && stored(cancelled) < wanted, `${stored(cancelled)} of ${wanted}`);
  const staged = [];
  for await (const { name } of house.services.staging.list('')) staged.push(name);
  assert.deepEqual(staged, []);

  const second = (await callApi<Run>(house, 'POST', '/pulls', body)).body;
  await house.stack.host.idle();
  const { body: whole } = await callApi<Run>(house, 'GET', `/pulls/${second.id}`);
  assert.equal(whole.status, 'succeeded', JSON.stringify(whole.results));
  const { counts } = resultOf(whole, 'session-data', 'database');
  const database = new DatabaseSync(house.data.sessions, { readOnly: true });
  t.after(() => database.close());
  const row = database.prepare('SELECT count(*) AS all_, count(DISTINCT lsid) AS each_ FROM session').get();
  assert.deepEqual({ ...row }, { all_: wanted, each_: wanted });
  assert.equal(counts.found, wanted);
  assert.ok(counts.stored >= wanted - stored(cancelled) - 2000, 'what the cancelled one had counts as there');
  assert.ok(counts.repeated > 0);
  const after = await callApi<{ transfers: { fresh: number; there: number }[] }>(house, 'POST', '/pulls', {
    ...body,
    dryRun: true,
  });
  const running = [...truth.sessions(clock.now())].filter(({ state }) => state !== 'closed').length;
  assert.equal(after.body.transfers[0]?.fresh, running, 'only what still runs is not there as it will end');
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { liveRuns } from '../shared/runs/live-runs.ts';
import { getRun, transferKey } from '../shared/runs/run.ts';
import { finishRun } from '../shared/transfer/run-steps.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';
import { makeWorkbench, newYear } from './support/workbench.ts';

const MINUTE = 60_000;

async function office(t: TestContext) {
  const bench = makeWorkbench(t);
  const { services, clock } = bench;
  const instances = new Map<string, 'going' | 'ended'>();
  const starter = {
    async start(id: string) {
      if (!instances.has(id)) instances.set(id, 'going');
    },
    isGoing: async (id: string) => instances.get(id) === 'going',
    whyEnded: async () => 'the host was taken away',
  };
  const run = await bench.scheduleRun();
  const live = async () => (await liveRuns(services.state)).map(({ runId }) => runId);
  return { services, clock, instances, run, live, tend: () => tendRuns(services, starter) };
}

test('a run is live from before it can be seen until it has finished', async (t) => {
  const { services, run, live } = await office(t);
  assert.deepEqual(await live(), [run.id]);
  await finishRun(services, { runId: run.id, failures: {}, cancelled: false });
  assert.deepEqual(await live(), []);
});

test('a run that nobody started is started, but not while whoever made it may be about to', async (t) => {
  const { clock, instances, run, tend } = await office(t);
  assert.deepEqual(await tend(), { going: [run.id], closed: [] });
  assert.equal(instances.size, 0);
  clock.now = newYear * 1000 + 3 * MINUTE;
  assert.deepEqual(await tend(), { going: [run.id], closed: [] });
  assert.equal(instances.get(run.id), 'going');
});

test('a run whose orchestration ended in itself is closed with the reason, and Last Run stays', async (t) => {
  const { services, clock, instances, run, live, tend } = await office(t);
  instances.set(run.id, 'ended');
  clock.now += 3 * MINUTE;
  assert.deepEqual(await tend(), { going: [], closed: [run.id] });
  const closed = await getRun(services.state, run.id);
  assert.equal(closed?.status, 'failed');
  assert.equal(closed?.failure?.message, 'The run ended without a result: the host was taken away');
  assert.deepEqual(
    closed?.results?.map((result) => [transferKey(result), result.status]),
    run.transfers.map((transfer) => [transferKey(transfer), 'failed']),
  );
  assert.equal((await services.state.get('claims', 'schedule', 'schedule'))?.value, undefined);
  assert.deepEqual(await live(), []);
  assert.deepEqual(await tend(), { going: [], closed: [] });
});

test('a run that finished and died before it said so is left as it is', async (t) => {
  const { services, clock, instances, run, live, tend } = await office(t);
  await finishRun(services, { runId: run.id, failures: {}, cancelled: false });
  const finished = await getRun(services.state, run.id);
  await services.state.insert('runs', 'live', run.id, { runId: run.id, dueAt: run.dueAt });
  instances.set(run.id, 'ended');
  clock.now += 3 * MINUTE;
  assert.deepEqual(await tend(), { going: [], closed: [] });
  assert.deepEqual(await getRun(services.state, run.id), finished);
  assert.deepEqual(await live(), []);
});

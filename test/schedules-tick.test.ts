import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { getRun } from '../shared/runs/run.ts';
import { runSettings } from '../shared/runs/run-settings.ts';
import { runStarter } from '../shared/schedules/durable-starter.ts';
import { markLastRun, scheduleStates } from '../shared/schedules/schedule-state.ts';
import { type RunStarter, tick } from '../shared/schedules/tick.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { makeWorkbench } from './support/workbench.ts';

const MINUTE = 60_000;
const midnight = Date.UTC(2026, 0, 1);

interface Office {
  readonly starter: RunStarter & { readonly started: string[]; readonly going: Set<string>; fails: boolean };
  tick(): Promise<readonly string[]>;
  at(minutes: number): void;
  state(id?: string): Promise<Record<string, unknown> | undefined>;
  change(
    change: (settings: { schedules: Record<string, unknown>[]; scheduler: string }) => void,
  ): Promise<void>;
  readonly services: ReturnType<typeof makeWorkbench>['services'];
}

/** A schedule every ten minutes, another every hour; the clock stands at midnight. */
async function office(t: TestContext): Promise<Office> {
  const bench = makeWorkbench(t);
  const { services, settings } = bench;
  const [schedule] = settings.schedules;
  await saveSettings(services.state, {
    ...settings,
    schedules: [
      { ...schedule, id: 'ten', every: { minutes: 10 } },
      { ...schedule, id: 'hour', every: { hours: 1 } },
    ],
  });
  const started: string[] = [];
  const going = new Set<string>();
  const starter = {
    started,
    going,
    fails: false,
    async start(id: string) {
      if (starter.fails) throw new Failure('transient', 'start-failed', `Run ${id} could not be started.`);
      if (!started.includes(id)) started.push(id);
      going.add(id);
    },
    isGoing: async (id: string) => going.has(id),
  };
  return {
    services,
    starter,
    tick: () => tick(services, starter),
    at(minutes) {
      bench.clock.now = midnight + minutes * MINUTE;
    },
    state: async (id = 'ten') =>
      (await scheduleStates(services.state)).get(id)?.value as unknown as Record<string, unknown>,
    async change(change) {
      const stored = await loadSettings(services.state);
      const next = structuredClone(stored.settings) as unknown as Parameters<typeof change>[0];
      change(next);
      await saveSettings(services.state, next, stored.etag);
    },
  };
}

test('a new schedule waits for its next due instant', async (t) => {
  const { at, tick, state } = await office(t);
  at(3);
  assert.deepEqual(await tick(), []);
  assert.equal((await state())?.claimedDue, '2026-01-01T00:00:00.000Z');
  at(9.9);
  assert.deepEqual(await tick(), []);
  at(10);
  const [id] = await tick();
  assert.ok(id?.endsWith('-ten'));
});

test('each due instant makes one run, with the settings and the instant it is due for', async (t) => {
  const { at, tick, starter, services } = await office(t);
  at(3);
  await tick();
  at(11);
  const [id] = await tick();
  assert.ok(id !== undefined);
  assert.deepEqual(await tick(), []);
  assert.deepEqual(starter.started, [id]);
  const run = await getRun(services.state, id);
  assert.equal(run?.dueAt, '2026-01-01T00:10:00.000Z');
  assert.deepEqual(
    [run?.kind, run?.scheduleId, run?.status, run?.transfers.length],
    ['schedule', 'ten', 'queued', 4],
  );
  assert.equal((await runSettings(services.state, id)).sites.length, 1);
});

test('two ticks at the same time start one run', async (t) => {
  const { at, tick, starter } = await office(t);
  at(3);
  await Promise.all([tick(), tick(), tick()]);
  at(10);
  const ids = (await Promise.all([tick(), tick(), tick()])).flat();
  assert.equal(new Set(ids).size, 1);
  assert.equal(starter.started.length, 1);
});

test('a claim that no start followed is taken up by the next tick, under the same id', async (t) => {
  const { at, tick, starter, state } = await office(t);
  at(3);
  await tick();
  at(10);
  starter.fails = true;
  await assert.rejects(tick(), { code: 'start-failed' });
  const claimed = await state();
  assert.equal(claimed?.started, false);
  starter.fails = false;
  at(21);
  assert.deepEqual(await tick(), [claimed?.runId], 'the run that was claimed, not a newer one');
  assert.equal((await state())?.started, true);
});

test('a run that was claimed and never made is made when it is taken up', async (t) => {
  const { at, tick, starter, services, state } = await office(t);
  at(3);
  await tick();
  at(10);
  starter.fails = true;
  await assert.rejects(tick());
  const id = String((await state())?.runId);
  await services.state.remove('runs', 'run', id);
  starter.fails = false;
  await tick();
  assert.equal((await getRun(services.state, id))?.dueAt, '2026-01-01T00:10:00.000Z');
});

test('a run that was made keeps its settings when its start is repeated later', async (t) => {
  const { at, tick, starter, services, state, change } = await office(t);
  at(3);
  await tick();
  at(10);
  starter.fails = true;
  await assert.rejects(tick());
  const id = String((await state())?.runId);
  const [run, kept] = [await getRun(services.state, id), await runSettings(services.state, id)];
  await change((settings) => {
    for (const schedule of settings.schedules) {
      const [first] = schedule.transfers as Record<string, unknown>[];
      schedule.transfers = [{ ...first, dataTypes: ['backup'] }];
    }
  });
  starter.fails = false;
  await tick();
  assert.deepEqual(await getRun(services.state, id), run);
  assert.deepEqual(await runSettings(services.state, id), kept);
});

test('a schedule whose last run is going is left alone, and missed instants are not made up for', async (t) => {
  const { at, tick, starter } = await office(t);
  at(3);
  await tick();
  at(10);
  const [first] = await tick();
  at(45);
  assert.deepEqual(await tick(), []);
  starter.going.clear();
  const [second, ...more] = await tick();
  assert.deepEqual(more, []);
  assert.ok(second !== undefined && second !== first);
  assert.equal(starter.started.length, 2);
  assert.deepEqual(await tick(), []);
});

test('a run whose instance is gone blocks nothing', async (t) => {
  const { at, tick, starter } = await office(t);
  at(3);
  await tick();
  at(10);
  await tick();
  starter.going.clear();
  at(20);
  assert.equal((await tick()).length, 1);
});

test('a schedule that cannot be started holds back itself alone', async (t) => {
  const { at, tick, starter } = await office(t);
  at(3);
  await tick();
  at(60);
  const { start } = starter;
  starter.start = async (id) => {
    if (id.endsWith('-ten')) throw new Failure('transient', 'start-failed', 'No.');
    return start(id);
  };
  await assert.rejects(tick(), { code: 'start-failed' });
  assert.equal(starter.started.length, 1);
  assert.ok(starter.started[0]?.endsWith('-hour'));
});

test('a stopped scheduler, and a schedule that is switched off, start nothing', async (t) => {
  const { at, tick, change } = await office(t);
  at(3);
  await tick();
  at(60);
  await change((settings) => {
    settings.scheduler = 'stopped';
  });
  assert.deepEqual(await tick(), []);
  await change((settings) => {
    settings.scheduler = 'running';
    for (const schedule of settings.schedules) schedule.enabled = schedule.id === 'hour';
  });
  const ids = await tick();
  assert.equal(ids.length, 1);
  assert.ok(ids[0]?.endsWith('-hour'));
});

test('Last Run moves forward only', async (t) => {
  const { at, tick, state, services } = await office(t);
  at(3);
  await tick();
  await markLastRun(services.state, 'ten', '2026-01-01T00:10:00.000Z', 'b');
  await markLastRun(services.state, 'ten', '2026-01-01T00:00:00.000Z', 'a');
  assert.deepEqual([(await state())?.lastRun, (await state())?.lastRunId], ['2026-01-01T00:10:00.000Z', 'b']);
  assert.equal((await state())?.claimedDue, '2026-01-01T00:00:00.000Z');
  // Of a schedule that has no row yet, as a run by hand makes it.
  await markLastRun(services.state, 'other', '2026-01-01T00:20:00.000Z', 'c');
  assert.equal((await state('other'))?.lastRun, '2026-01-01T00:20:00.000Z');
});

const notFound = () => {
  throw new Error('DurableClient error: HTTP 404: no instance');
};

test('starting twice starts once, and a lost race is no failure', async () => {
  const started: string[] = [];
  const client = {
    async startNew(_: string, { instanceId }: { instanceId: string }) {
      if (started.includes(instanceId)) throw new Error('HTTP 409: it exists');
      started.push(instanceId);
      return instanceId;
    },
    getStatus: async (id: string) => (started.includes(id) ? { runtimeStatus: 'Running' } : notFound()),
  };
  const starter = runStarter(client);
  await starter.start('a');
  await starter.start('a');
  await Promise.all([starter.start('b'), starter.start('b')]);
  assert.deepEqual(started, ['a', 'b']);
  assert.equal(await starter.isGoing('a'), true);
  assert.equal(await starter.isGoing('never'), false);
});

test('a start that fails says that it is tried again; a broken engine is not taken for an absent run', async () => {
  const refuses = runStarter({
    startNew: async () => {
      throw new Error('HTTP 503');
    },
    getStatus: async () => notFound(),
  });
  await assert.rejects(refuses.start('a'), { code: 'start-failed', kind: 'transient' });
  const broken = runStarter({
    startNew: async () => 'a',
    getStatus: async () => {
      throw new Error('HTTP 500');
    },
  });
  await assert.rejects(broken.isGoing('a'), /HTTP 500/);
});

test('ended and terminated instances are not going', async () => {
  for (const [runtimeStatus, going] of [
    ['Running', true],
    ['Pending', true],
    ['ContinuedAsNew', true],
    ['Suspended', true],
    ['Completed', false],
    ['Failed', false],
    ['Terminated', false],
    ['Canceled', false],
  ] as const) {
    const starter = runStarter({ startNew: async () => '', getStatus: async () => ({ runtimeStatus }) });
    assert.equal(await starter.isGoing('a'), going, runtimeStatus);
  }
});

test('without settings a tick does nothing', async () => {
  const state = openSqliteState(':memory:');
  const services = { state, log: silentLog, now: () => midnight } as unknown as Parameters<typeof tick>[0];
  const starter = { start: assert.fail, isGoing: assert.fail } as unknown as RunStarter;
  assert.deepEqual(await tick(services, starter), []);
  await state.close();
});

test('a due instant that was claimed while our clock was ahead does not stop the schedule', async (t) => {
  const at = await office(t);
  await at.tick();
  at.at(7 * 24 * 60);
  assert.equal((await at.tick()).length, 2);
  at.starter.going.clear();
  at.at(20);
  const started = await at.tick();
  assert.equal(started.length, 2);
  at.starter.going.clear();
  at.at(21);
  assert.deepEqual(await at.tick(), []);
  at.at(30);
  assert.equal((await at.tick()).length, 1);
});

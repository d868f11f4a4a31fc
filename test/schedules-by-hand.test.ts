import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApi } from '../shared/api/app.ts';
import { Failure } from '../shared/errors.ts';
import { liveWork } from '../shared/runs/live-runs.ts';
import { getRun, type Run } from '../shared/runs/run.ts';
import { pullForEvents } from '../shared/schedules/event-pulls.ts';
import { scheduleStates } from '../shared/schedules/schedule-state.ts';
import { tick } from '../shared/schedules/tick.ts';
import type { Services } from '../shared/services.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { finishRun, startRun } from '../shared/transfer/run-steps.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';
import { asEverybody } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

const MINUTE = 60_000;
const midnight = Date.UTC(2026, 0, 1);

interface Answer {
  readonly status: number;
  readonly location: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
  readonly body: any;
}

/** A schedule each ten minutes and one at 02:30 in Berlin; the clock stands at midnight UTC. */
async function office(t: TestContext, schedules = 2) {
  const bench = makeWorkbench(t);
  const { services, settings, clock } = bench;
  const [schedule] = settings.schedules;
  const daily = { days: 1, at: '02:30', timeZone: 'Europe/Berlin' };
  await saveSettings(services.state, {
    ...settings,
    schedules: Array.from({ length: schedules }, (_, at) =>
      at === 1
        ? { ...schedule, id: 'daily', name: 'Daily', every: daily }
        : { ...schedule, id: at === 0 ? 'ten' : `more-${at}`, name: `Ten ${at}`, every: { minutes: 10 } },
    ),
  });
  const going = new Set<string>();
  const starter = {
    started: [] as string[],
    fails: false,
    async start(id: string) {
      if (starter.fails) throw new Failure('transient', 'start-failed', 'No.');
      starter.started.push(id);
      going.add(id);
    },
    isGoing: async (id: string) => going.has(id),
  };
  const api = createApi();
  return {
    services,
    starter,
    going,
    at(minutes: number) {
      clock.now = midnight + minutes * MINUTE;
    },
    tick: () => tick(services, starter),
    async finish(id: string) {
      await startRun(services, { runId: id });
      await finishRun(services, { runId: id, failures: {}, cancelled: false });
      going.delete(id);
    },
    state: async (id = 'ten') => (await scheduleStates(services.state)).get(id)?.value,
    async call(method: string, path: string): Promise<Answer> {
      const request = new Request(`http://127.0.0.1/api${path}`, { method });
      const answer = await api.fetch(request, { services, starter, authenticate: asEverybody });
      return {
        status: answer.status,
        location: answer.headers.get('location'),
        body: await answer.json(),
      };
    },
  };
}

test('schedules are shown with Last Run, period, next run, last check, and the run that goes on', async (t) => {
  const { at, tick, call, finish } = await office(t);
  const before = (await call('GET', '/schedules')).body;
  assert.deepEqual(before.scheduler, {
    state: 'running',
    late: false,
    nextRun: { at: '2026-01-01T00:10:00.000Z', schedule: 'ten' },
  });
  at(3);
  await tick();
  at(10);
  const [id] = await tick();
  assert.ok(id !== undefined);
  at(11);
  assert.deepEqual((await call('GET', '/schedules')).body, {
    scheduler: {
      state: 'running',
      late: false,
      lastCheck: '2026-01-01T00:10:00.000Z',
      nextRun: { at: '2026-01-01T00:20:00.000Z', schedule: 'ten' },
    },
    schedules: [
      {
        id: 'ten',
        name: 'Ten 0',
        enabled: true,
        every: { minutes: 10 },
        period: 'every 10 minutes',
        transfers: 4,
        nextRun: '2026-01-01T00:20:00.000Z',
        going: id,
      },
      {
        id: 'daily',
        name: 'Daily',
        enabled: true,
        every: { days: 1, at: '02:30', timeZone: 'Europe/Berlin' },
        period: 'every day at 02:30 (Europe/Berlin)',
        transfers: 4,
        nextRun: '2026-01-01T01:30:00.000Z',
      },
    ],
  });
  await finish(id);
  const { body } = await call('GET', '/schedules/ten');
  assert.deepEqual([body.lastRun, body.lastRunId, body.going], ['2026-01-01T00:10:00.000Z', id, undefined]);
  at(60);
  assert.equal((await call('GET', '/scheduler')).body.late, true, 'nobody has looked for long');
  assert.equal((await call('GET', '/schedules/none')).status, 404);
});

test('another process knows the last check to some minutes, by what ticks write anyway', async (t) => {
  const { at, tick, services } = await office(t);
  for (let minute = 0; minute <= 12; minute++) {
    at(minute);
    await tick();
  }
  const { scheduleOverview } = await import('../shared/schedules/overview.ts');
  const { state } = services;
  // Another process has another object for the same store.
  const other: StateStore = {
    get: state.get.bind(state),
    list: state.list.bind(state),
    insert: state.insert.bind(state),
    update: state.update.bind(state),
    put: state.put.bind(state),
    remove: state.remove.bind(state),
    batch: state.batch.bind(state),
    close: state.close.bind(state),
  };
  const { settings } = await loadSettings(state);
  const { scheduler } = await scheduleOverview({ ...services, state: other }, settings);
  const behind = midnight + 12 * MINUTE - Date.parse(scheduler.lastCheck ?? '');
  assert.ok(behind >= 0 && behind <= 5 * MINUTE, String(behind));
});

test('a schedule is paused and resumed, the scheduler stopped and started, each in the history of settings', async (t) => {
  const { at, tick, call, services, going } = await office(t);
  at(3);
  await tick();
  assert.equal((await call('POST', '/schedules/ten/pause')).body.enabled, false);
  at(10);
  assert.deepEqual(await tick(), []);
  const paused = (await call('GET', '/schedules/ten')).body;
  assert.deepEqual([paused.enabled, paused.nextRun], [false, undefined]);
  assert.equal((await call('POST', '/schedules/ten/resume')).body.enabled, true);
  assert.equal((await tick()).length, 1);
  going.clear();
  assert.equal((await call('POST', '/scheduler/stop')).body.state, 'stopped');
  at(20);
  assert.deepEqual(await tick(), []);
  const stopped = (await call('GET', '/scheduler')).body;
  assert.deepEqual([stopped.nextRun, stopped.lastCheck], [undefined, '2026-01-01T00:20:00.000Z']);
  await Promise.all([call('POST', '/scheduler/start'), call('POST', '/schedules/daily/pause')]);
  const { settings } = await loadSettings(services.state);
  assert.deepEqual([settings.scheduler, settings.schedules[1]?.enabled], ['running', false]);
  const { versions } = (await call('GET', '/settings/history')).body;
  assert.equal(versions.length, 6);
  assert.equal((await tick()).length, 1);
  for (const path of ['/schedules/none/pause', '/schedules/none/run'])
    assert.equal((await call('POST', path)).status, 404);
});

test('run now makes and starts a run at once, between due instants, and these stay as they are', async (t) => {
  const { at, tick, call, services, starter, finish, state } = await office(t);
  at(3);
  await tick();
  at(5);
  const asked = await call('POST', '/schedules/ten/run');
  assert.equal(asked.status, 202);
  const run: Run = asked.body;
  assert.equal(asked.location, `/api/runs/${run.id}`);
  assert.deepEqual(
    [run.kind, run.scheduleId, run.trigger, run.dueAt, starter.started],
    ['schedule', 'ten', 'hand', '2026-01-01T00:05:00.000Z', [run.id]],
  );
  assert.equal((await call('GET', '/schedules/ten')).body.going, run.id);
  const again = await call('POST', '/schedules/ten/run');
  assert.deepEqual([again.status, again.body.code], [409, 'run-going']);
  at(10);
  assert.deepEqual(await tick(), [], 'one run at a time');
  await finish(run.id);
  const [next] = await tick();
  assert.equal((await getRun(services.state, next ?? ''))?.dueAt, '2026-01-01T00:10:00.000Z');
  assert.equal((await state())?.runDue, undefined);
  assert.equal((await call('POST', '/schedules/ten/run')).status, 409, 'the other way round too');
});

test('run now goes for a paused schedule, one that was never seen, and a stopped scheduler', async (t) => {
  const { at, tick, call, finish, state } = await office(t);
  at(5);
  await call('POST', '/schedules/ten/pause');
  await call('POST', '/scheduler/stop');
  const { status, body } = await call('POST', '/schedules/ten/run');
  assert.equal(status, 202);
  await finish(body.id);
  assert.equal((await call('GET', '/schedules/ten')).body.lastRun, '2026-01-01T00:05:00.000Z');
  assert.equal((await state())?.claimedDue, '2026-01-01T00:00:00.000Z');
  await call('POST', '/scheduler/start');
  await call('POST', '/schedules/ten/resume');
  at(10);
  assert.equal((await tick()).length, 1);
});

test('asked twice at once, also beside a tick, a schedule runs once', async (t) => {
  const { at, tick, call, starter, services } = await office(t);
  at(3);
  await tick();
  at(10);
  const answers = await Promise.all([
    call('POST', '/schedules/ten/run'),
    call('POST', '/schedules/ten/run'),
    tick(),
    tick(),
  ]);
  assert.equal(new Set(starter.started).size, 1, JSON.stringify(answers));
  const live = await liveWork(services.state);
  assert.deepEqual(
    live.runs.map(({ runId }) => runId),
    [...new Set(starter.started)],
    'no other run was made, to be started later',
  );
});

test('a run by hand whose start failed is started by the next tick, as the run it was', async (t) => {
  const { at, tick, call, services, starter, state } = await office(t);
  at(3);
  await tick();
  at(5);
  starter.fails = true;
  assert.equal((await call('POST', '/schedules/ten/run')).status, 503);
  starter.fails = false;
  const claimed = await state();
  assert.equal((await call('POST', '/schedules/ten/run')).status, 409, 'it is about to be started');
  at(6);
  assert.deepEqual(await tick(), [claimed?.runId]);
  const run = await getRun(services.state, claimed?.runId ?? '');
  assert.deepEqual([run?.dueAt, run?.trigger], ['2026-01-01T00:05:00.000Z', 'hand']);
});

function counting(services: Services): { readonly services: Services; calls: number } {
  const { state } = services;
  const count = { calls: 0 };
  const proxy = new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        count.calls++;
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
  return Object.assign(count, { services: { ...services, state: proxy } });
}

test('a tick in which nothing is due makes three storage calls, however many schedules there are', async (t) => {
  const { at, tick: prepare, services, starter } = await office(t, 100);
  at(3);
  await prepare();
  for (const minutes of [4, 5, 6]) {
    at(minutes);
    const counted = counting(services);
    await tick(counted.services, starter);
    const live = await liveWork(counted.services.state);
    await pullForEvents(counted.services, starter, live);
    await tendRuns(counted.services, starter, { live: live.runs });
    assert.equal(counted.calls, 3);
  }
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { liveRuns, liveWork } from '../shared/runs/live-runs.ts';
import { reportPart } from '../shared/runs/progress.ts';
import { getRun, transferKey } from '../shared/runs/run.ts';
import { queueEvent } from '../shared/runs/session-events.ts';
import { pullForEvents } from '../shared/schedules/event-pulls.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { finishRun, startRun } from '../shared/transfer/run-steps.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';
import { draftSettings } from './support/draft-settings.ts';
import { lsidOf, makeWorkbench } from './support/workbench.ts';

const MINUTE = 60_000;

async function office(t: TestContext) {
  const bench = makeWorkbench(t);
  const { services, clock } = bench;
  await saveSettings(services.state, bench.settings);
  const going = new Set<string>();
  const starter = {
    started: [] as string[],
    fails: false,
    async start(id: string) {
      if (starter.fails) throw new Error('the engine is away');
      starter.started.push(id);
      going.add(id);
    },
    isGoing: async (id: string) => going.has(id),
  };
  return {
    bench,
    services,
    starter,
    pass: (minutes: number) => {
      clock.now += minutes * MINUTE;
    },
    say: (number: number, siteId = 'site') =>
      queueEvent(services.state, { siteId, lsid: lsidOf(number) }, clock.now),
    tick: async () => pullForEvents(services, starter, await liveWork(services.state)),
    queued: async () =>
      (await liveWork(services.state)).events.map(({ value }) => [
        Number.parseInt(value.lsid, 16),
        value.tries,
      ]),
    sessions: async (id: string | undefined) => {
      const selection = (await getRun(services.state, id ?? ''))?.selection;
      return selection?.by === 'lsids' ? selection.lsids.map((lsid) => Number.parseInt(lsid, 16)) : [];
    },
    /** Ends a run in which these sessions were not whole. */
    async finish(id: string, unfinished: readonly number[] = [], failed = false) {
      const run = await getRun(services.state, id);
      assert.ok(run);
      await startRun(services, { runId: id });
      const [transfer, other] = run.transfers.map(transferKey);
      assert.ok(transfer !== undefined && other !== undefined);
      await reportPart(services, id, transfer, 'part', { found: 1 });
      await reportPart(services, id, other, 'part', {}, { unfinished: unfinished.map(lsidOf) });
      const failure = { kind: 'transient', code: 'down', message: 'Away.' } as const;
      await finishRun(services, {
        runId: id,
        failures: failed ? { [transfer]: failure } : {},
        cancelled: false,
      });
      going.delete(id);
    },
    async change(change: (draft: typeof bench.settings) => void) {
      const { settings, etag } = await draftSettings(services.state);
      change(settings);
      await saveSettings(services.state, settings, etag);
    },
  };
}

test('what ended within some minutes is one pull, into every transfer of enabled schedules that takes it', async (t) => {
  const { say, tick, pass, queued, sessions, services } = await office(t);
  await say(1);
  pass(1);
  await say(2);
  await say(1);
  assert.deepEqual(await tick(), [], 'the report is not there yet');
  pass(1);
  await say(3);
  const [first, ...more] = await tick();
  assert.deepEqual([more, await sessions(first)], [[], [1]]);
  pass(2);
  const [second] = await tick();
  assert.deepEqual(await sessions(second), [2, 3]);
  const run = await getRun(services.state, first ?? '');
  assert.deepEqual([run?.kind, run?.trigger], ['pull', 'event']);
  assert.deepEqual(run?.transfers.map(transferKey).toSorted(), [
    'site|session-data|database',
    'site|session-data|folder',
    'site|session-recording|folder',
  ]);
  assert.equal((await queued()).length, 3, 'they are kept until the pull has ended');
  assert.deepEqual(await tick(), []);
});

test('after the pull what is whole is forgotten, what is not is pulled again with growing pauses, and then left', async (t) => {
  const { say, tick, pass, queued, finish, sessions } = await office(t);
  await say(1);
  await say(2);
  pass(2);
  const [id] = await tick();
  await finish(id ?? '', [2]);
  await tick();
  assert.deepEqual(await queued(), [[2, 1]]);
  const minutes: number[] = [];
  let waited = 0;
  while ((await queued()).length > 0) {
    pass(1);
    waited++;
    const [again] = await tick();
    if (again === undefined) continue;
    minutes.push(waited);
    waited = 0;
    assert.deepEqual(await sessions(again), [2]);
    await finish(again, [2]);
    await tick();
  }
  assert.deepEqual(minutes, [3, 5, 10, 20, 40]);
});

test('a pull that failed is made again, one that was cancelled is not', async (t) => {
  const { say, tick, pass, queued, finish, services } = await office(t);
  await say(1);
  pass(2);
  const [id] = await tick();
  await finish(id ?? '', [], true);
  await tick();
  assert.deepEqual(await queued(), [[1, 1]]);
  pass(3);
  const [again] = await tick();
  assert.ok(again !== undefined && again !== id);
  const run = await getRun(services.state, again);
  await services.state.put('runs', 'run', again, { ...run, cancelRequested: true });
  await finish(again, [1], true);
  await tick();
  assert.deepEqual(await queued(), []);
});

test('a session that is said to have ended again while it is pulled is pulled once more', async (t) => {
  const { say, tick, pass, queued, finish, sessions } = await office(t);
  await say(1);
  pass(2);
  const [id] = await tick();
  await say(1);
  await say(1);
  await finish(id ?? '');
  await tick();
  assert.deepEqual(await queued(), [[1, 0]]);
  pass(2);
  const [again] = await tick();
  assert.deepEqual(await sessions(again), [1]);
  await finish(again ?? '');
  await tick();
  assert.deepEqual(await queued(), []);
});

test('two hosts that tick at once make one pull', async (t) => {
  const { say, tick, pass, services } = await office(t);
  for (let at = 0; at < 200; at++) await say(at);
  pass(2);
  await Promise.all([tick(), tick(), tick()]);
  for (let left = 5; left > 0; left--) await tick();
  const pulled: string[] = [];
  for (const { runId } of await liveRuns(services.state)) {
    const selection = (await getRun(services.state, runId))?.selection;
    if (selection?.by === 'lsids') pulled.push(...selection.lsids);
  }
  assert.equal(pulled.length, 200);
  assert.equal(new Set(pulled).size, 200);
});

test('a host that dies between any two steps loses no session and makes no second pull', async (t) => {
  for (let dies = 1; ; dies++) {
    const { say, pass, services, starter, queued, finish, tick } = await office(t);
    await say(1);
    await say(2);
    pass(2);
    let calls = 0;
    const cut = new Proxy(services.state, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          if (++calls >= dies) throw new Error('dead');
          return Reflect.apply(member, target, given) as unknown;
        };
      },
    });
    const live = await liveWork(services.state);
    let died = true;
    await pullForEvents({ ...services, state: cut }, starter, live).then(
      () => {
        died = false;
      },
      () => {},
    );
    pass(3);
    for (let left = 3; left > 0; left--) {
      await tick();
      await tendRuns(services, starter);
    }
    const ids = [...new Set(starter.started)];
    assert.equal(ids.length, 1, `after ${dies - 1} calls`);
    await finish(ids[0] ?? '');
    await tick();
    assert.deepEqual(await queued(), [], `after ${dies - 1} calls`);
    if (!died) break;
    assert.ok(dies < 60);
  }
});

test('an engine that is away holds the pull, which is then started by whoever looks after runs', async (t) => {
  const { say, tick, pass, services, starter } = await office(t);
  await say(1);
  pass(2);
  starter.fails = true;
  const [id] = await tick();
  starter.fails = false;
  pass(3);
  assert.deepEqual(await tick(), []);
  await tendRuns(services, starter);
  assert.deepEqual(starter.started, [id]);
});

test('while the scheduler is stopped they wait; where no enabled schedule takes them they go', async (t) => {
  const { say, tick, pass, queued, change } = await office(t);
  await say(1);
  pass(2);
  await change((draft) => {
    draft.scheduler = 'stopped';
  });
  assert.deepEqual(await tick(), []);
  assert.equal((await queued()).length, 1);
  await change((draft) => {
    draft.scheduler = 'running';
    for (const schedule of draft.schedules) schedule.enabled = false;
  });
  assert.deepEqual(await tick(), []);
  assert.equal((await queued()).length, 0);
});

test('a wait that a wrong clock set does not last', async (t) => {
  const { say, tick, pass, sessions } = await office(t);
  pass(60 * 24 * 365);
  await say(1);
  pass(-60 * 24 * 365);
  assert.deepEqual(await sessions((await tick())[0]), [1]);
});

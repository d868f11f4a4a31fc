import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Principal } from '../shared/access/roles.ts';
import { createApi } from '../shared/api/app.ts';
import { Failure } from '../shared/errors.ts';
import { keepHouse } from '../shared/housekeeping/keep-house.ts';
import type { Run } from '../shared/runs/run.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { lsidOf, makeWorkbench } from './support/workbench.ts';

const MINUTE = 60_000;
const pull = {
  sites: ['site'],
  destinations: ['folder'],
  dataTypes: ['session-data'],
  sessions: [lsidOf(1)],
};

async function office(t: TestContext) {
  const bench = makeWorkbench(t);
  const { state } = bench.services;
  await saveSettings(state, bench.settings);
  const started: string[] = [];
  const host = {
    /** What starting a run does; tests change it. */
    start: async (id: string): Promise<void> => void started.push(id),
    who: 'one',
  };
  const api = createApi();
  return {
    bench,
    state,
    started,
    host,
    runs: async () => (await state.list<Run>('runs', 'run')).entries.length,
    async post(path: string, key: string | undefined, body?: unknown) {
      const request = new Request(`http://127.0.0.1/api${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { who } = host;
      const answer = await api.fetch(request, {
        services: bench.services,
        starter: { start: (id: string) => host.start(id), isGoing: async () => false },
        authenticate: async (): Promise<Principal> => ({ id: who, name: who, roles: ['Administrator'] }),
      });
      return {
        status: answer.status,
        replayed: answer.headers.get('idempotency-replayed'),
        location: answer.headers.get('location'),
        // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes.
        body: JSON.parse(await answer.text()) as any,
      };
    },
  };
}

test('a repeat with the same key gets the first answer, and nothing is done twice', async (t) => {
  const { post, started, host, runs } = await office(t);
  const first = await post('/pulls', 'my-key', pull);
  assert.deepEqual([first.status, first.replayed], [202, null]);
  const again = await post('/pulls', 'my-key', pull);
  assert.deepEqual(again, { ...first, replayed: 'true' });
  assert.equal(again.location, `/api/pulls/${first.body.id}`);
  assert.equal(await runs(), 1);
  assert.deepEqual(started, [first.body.id]);

  const other = await post('/pulls', 'my-key', { ...pull, sessions: [lsidOf(2)] });
  assert.deepEqual([other.status, other.body.code], [422, 'key-used']);
  // The same text for another operation, by somebody else, or no key at all, is something new.
  const cancelled = await post(`/pulls/${first.body.id}/cancel`, 'my-key');
  assert.deepEqual([cancelled.status, cancelled.replayed], [202, null]);
  host.who = 'two';
  assert.equal((await post('/pulls', 'my-key', pull)).replayed, null);
  assert.equal((await post('/pulls', undefined, pull)).replayed, null);
  assert.equal(await runs(), 3);
  for (const bad of ['', 'two words', 'x'.repeat(256)]) {
    const refused = await post('/pulls', bad, pull);
    assert.deepEqual([refused.status, refused.body.errors?.[0].field], [400, 'Idempotency-Key'], bad);
  }
});

test('of many at once one does the work, and the others are told to wait for it', async (t) => {
  const { post, host, runs } = await office(t);
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reached: () => void = () => {};
  const underWay = new Promise<void>((resolve) => {
    reached = resolve;
  });
  host.start = async () => {
    reached();
    await released;
  };
  const asked = Array.from({ length: 8 }, () => post('/pulls', 'key', pull));
  await underWay;
  const late = await post('/pulls', 'key', pull);
  assert.deepEqual([late.status, late.body.code], [409, 'first-still-going']);
  assert.match(late.body.title, /ask again/);
  release();
  const answers = await Promise.all(asked);
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [
    202,
    ...Array.from({ length: 7 }, () => 409),
  ]);
  assert.equal(await runs(), 1);
  assert.equal((await post('/pulls', 'key', pull)).replayed, 'true');
});

test('what failed in the server is tried again, what was refused is refused again', async (t) => {
  const { post, host, runs } = await office(t);
  const start = host.start;
  host.start = async () => {
    throw new Error('no host answers');
  };
  assert.equal((await post('/pulls', 'key', pull)).status, 503);
  host.start = start;
  const second = await post('/pulls', 'key', pull);
  assert.deepEqual([second.status, second.replayed], [202, null]);
  assert.equal(await runs(), 2);
  const refused = await post('/pulls', 'unknown', { ...pull, sites: ['nowhere'] });
  assert.deepEqual([refused.status, refused.body.code], [404, 'unknown-site']);
  const again = await post('/pulls', 'unknown', { ...pull, sites: ['nowhere'] });
  assert.deepEqual(again, { ...refused, replayed: 'true' });
});

test('what was done is told, whether or not it can be kept for repeats', async (t) => {
  const { post, host, bench, runs } = await office(t);
  const { state } = bench.services;
  const { update } = state;
  const { start } = host;
  host.start = async (id) => {
    state.update = async (collection, ...given) => {
      if (collection === 'answers') throw new Failure('transient', 'state-unavailable', 'No state for now.');
      return update.call(state, collection, ...given);
    };
    await start(id);
  };
  assert.equal((await post('/pulls', 'key', pull)).status, 202);
  assert.equal((await post('/pulls', 'key', pull)).status, 409, 'it is not known that it was done');
  assert.equal(await runs(), 1);
});

test('a claim whose holder died is free after some minutes, and its late answer does no harm', async (t) => {
  const { post, host, bench, runs } = await office(t);
  const { promise: stuck, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: underWay, resolve: reached } = Promise.withResolvers<void>();
  const start = host.start;
  host.start = async () => {
    reached();
    await stuck;
  };
  const dying = post('/pulls', 'key', pull);
  await underWay;
  host.start = start;
  bench.clock.now += 4 * MINUTE;
  assert.equal((await post('/pulls', 'key', pull)).status, 409);
  bench.clock.now += 2 * MINUTE;
  const second = await post('/pulls', 'key', pull);
  assert.equal(second.status, 202);
  goOn();
  assert.equal((await dying).status, 202);
  const third = await post('/pulls', 'key', pull);
  assert.deepEqual([third.replayed, third.body.id], ['true', second.body.id]);
  assert.equal(await runs(), 2);
});

test('answers are kept for a day, then removed, and hold neither key nor body in clear', async (t) => {
  const { post, bench, state, runs } = await office(t);
  const first = await post('/pulls', 'a-key-to-be-found', pull);
  const { entries } = await state.list<object>('answers', 'answers');
  assert.equal(entries.length, 2);
  assert.ok(!JSON.stringify(entries).includes('a-key-to-be-found'));
  const client = { purgeInstanceHistoryBy: async () => ({ instancesDeleted: 0 }) };
  bench.clock.now += 23 * 60 * MINUTE;
  await keepHouse(bench.services, client);
  assert.equal((await post('/pulls', 'a-key-to-be-found', pull)).body.id, first.body.id);
  const young = await post('/pulls', 'young', pull);
  bench.clock.now += 21 * 60 * MINUTE;
  assert.equal((await post('/pulls', 'young', pull)).body.id, young.body.id);
  // Not removed yet, and too old all the same.
  assert.notEqual((await post('/pulls', 'a-key-to-be-found', pull)).body.id, first.body.id);
  bench.clock.now += 4 * 60 * MINUTE;
  await keepHouse(bench.services, client);
  const left = (await state.list('answers', 'answers')).entries;
  assert.equal(left.length, 2, 'the one that was claimed anew');
  assert.equal((await post('/pulls', 'a-key-to-be-found', pull)).replayed, 'true');
  assert.equal(await runs(), 3);
});

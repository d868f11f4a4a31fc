import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Site } from '../shared/settings/site.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { stateKey } from '../shared/state/state-store.ts';
import { releaseLease, takeLease } from '../shared/transfer/reader-lease.ts';
import { holdSlot } from '../shared/transfer/slots.ts';
import { makeWorkbench } from './support/workbench.ts';

/** As several instances of the product have it: each with its own connection to the same state, and a common clock. */
function instances(t: TestContext, site: Partial<Site>) {
  const bench = makeWorkbench(t, { site });
  const clock = { now: Date.now(), stands: false };
  const now = () => (clock.stands ? clock.now : Date.now());
  return { at: { state: bench.services.state, now }, site: bench.site, clock };
}

const patient = () => new AbortController().signal;

test('never more than the allowed number hold a slot, and everybody gets one', async (t) => {
  const { at, site } = instances(t, { concurrency: 3 });
  let holders = 0;
  let most = 0;
  let served = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const slot = await holdSlot(at, site, patient());
      most = Math.max(most, ++holders);
      await pause(20);
      holders--;
      served++;
      await slot.release();
    }),
  );
  assert.deepEqual([most, served], [3, 12]);
});

test('two processes with one state share the slots', async (t) => {
  const { site } = instances(t, { concurrency: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'slots-'));
  const states = [1, 2].map(() => openSqliteState(join(folder, 'state.db')));
  t.after(async () => {
    for (const state of states) await state.close();
    rmSync(folder, { recursive: true });
  });
  const held = await Promise.all(states.map((state) => holdSlot({ state, now: Date.now }, site, patient())));
  for (const state of states) {
    const stop = new AbortController();
    const third = holdSlot({ state, now: Date.now }, site, stop.signal);
    await pause(200);
    stop.abort(new Error('waited long enough'));
    await assert.rejects(third, { name: 'AbortError' });
  }
  for (const slot of held) await slot.release();
});

test('a slot whose holder died is taken over once its lease is over, and not before', async (t) => {
  const { at, site, clock } = instances(t, { concurrency: 1 });
  const dead = await holdSlot(at, site, patient());
  clock.now = Date.now() + 59_000;
  clock.stands = true;
  const stop = new AbortController();
  const early = holdSlot(at, site, stop.signal);
  await pause(300);
  stop.abort(new Error('too early'));
  await assert.rejects(early);
  clock.now += 2_000;
  const heir = await holdSlot(at, site, patient());
  // The one that was taken for dead lives: what it writes now changes nothing for its heir.
  await dead.release();
  const another = new AbortController();
  const waiting = holdSlot(at, site, another.signal);
  await pause(300);
  another.abort(new Error('still held'));
  await assert.rejects(waiting);
  await heir.release();
});

test('requests beyond the burst keep to the rate, and the rate outlives the holder', async (t) => {
  const { at, site } = instances(t, { concurrency: 1, requestsPerSecond: 20 });
  const times: number[] = [];
  for (let holder = 0; holder < 3; holder++) {
    const slot = await holdSlot(at, site, patient());
    for (let request = 0; request < 14; request++) {
      await slot.take();
      times.push(performance.now());
    }
    await slot.release();
  }
  // 42 requests: 20 at once, then 22 at 20 a second.
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  assert.ok(seconds > 1 && seconds < 3, `${seconds} s`);
  for (const [index, time] of times.entries()) {
    const within = times.filter((other, later) => later >= index && other < time + 500).length;
    assert.ok(within <= 20 + 10 + 1, `${within} requests within half a second`);
  }
});

test('each slot has its share of the rate', async (t) => {
  const { at, site } = instances(t, { concurrency: 4, requestsPerSecond: 20 });
  const slots = await Promise.all([1, 2, 3, 4].map(() => holdSlot(at, site, patient())));
  const began = performance.now();
  await Promise.all(
    slots.map(async (slot) => {
      for (let request = 0; request < 10; request++) await slot.take();
    }),
  );
  // 40 requests over four slots: 5 at once for each, then 5 at 5 a second.
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 0.95 && seconds < 3, `${seconds} s`);
  for (const slot of slots) await slot.release();
});

test('the hourly limit holds too, and waiting for it ends when the run is cancelled', async (t) => {
  const { at, site } = instances(t, { concurrency: 1, requestsPerSecond: 100, requestsPerHour: 3 });
  const slot = await holdSlot(at, site, patient());
  for (let request = 0; request < 3; request++) await slot.take();
  const stop = new AbortController();
  const fourth = slot.take(stop.signal);
  await pause(100);
  stop.abort(new Error('cancelled'));
  await assert.rejects(fourth);
  await slot.release();
});

test('a slot is left as it was but for its tokens when it is released', async (t) => {
  const { at, site } = instances(t, { concurrency: 1 });
  const slot = await holdSlot(at, site, patient());
  const key = stateKey('slot', 0);
  assert.ok((await at.state.get<{ holder?: string }>('leases', site.id, key))?.value.holder);
  await slot.take();
  await slot.release();
  const row = (await at.state.get<Record<string, unknown>>('leases', site.id, key))?.value;
  assert.deepEqual(Object.keys(row ?? {}).sort(), ['expires', 'perHour', 'perSecond']);
});

test('the lease of a reader belongs to its run: another waits, the same takes it again', async () => {
  const state = openSqliteState(':memory:');
  const clock = { now: 1_000_000 };
  const at = { state, now: () => clock.now };
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-1'), true);
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-2'), false);
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-1'), true);
  assert.equal(await takeLease(at, 'other', 'sessions', 'run-2'), true);
  // The other run's release does nothing to it.
  await releaseLease(at, 'site', 'sessions', 'run-2');
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-2'), false);
  await releaseLease(at, 'site', 'sessions', 'run-1');
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-2'), true);
  // Releasing twice is fine.
  await releaseLease(at, 'site', 'sessions', 'run-1');
  await state.close();
});

test('the lease of a run that died is over after a quarter of an hour', async () => {
  const state = openSqliteState(':memory:');
  const clock = { now: 1_000_000 };
  const at = { state, now: () => clock.now };
  await takeLease(at, 'site', 'sessions', 'run-1');
  clock.now += 15 * 60_000 - 1;
  assert.equal(await takeLease(at, 'site', 'sessions', 'run-2'), false);
  clock.now += 1;
  const [two, three] = await Promise.all(
    ['run-2', 'run-3'].map((run) => takeLease(at, 'site', 'sessions', run)),
  );
  assert.notEqual(two, three, 'one of two gets it');
  await state.close();
});

test('a slot that was taken while our clock was ahead is free again, and its bucket fills', async (t) => {
  const { at, site, clock } = instances(t, { concurrency: 1, requestsPerSecond: 20 });
  clock.stands = true;
  const day = 24 * 3_600_000;
  const today = clock.now;
  clock.now = today + day;
  const lost = await holdSlot(at, site, patient());
  for (let i = 0; i < 20; i++) await lost.take();
  clock.now = today;
  const slot = await holdSlot(at, site, AbortSignal.timeout(5000));
  clock.now += 1000;
  const before = Date.now();
  for (let i = 0; i < 10; i++) await slot.take();
  assert.ok(Date.now() - before < 900);
  await slot.release();
  await lost.release();
});

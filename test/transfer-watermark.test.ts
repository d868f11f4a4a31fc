import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import {
  ensureWatermark,
  moveWatermark,
  readWatermark,
  type Watermark,
} from '../shared/transfer/watermark.ts';

const first: Watermark = { to: 100, begin: 100, at: 1000, offset: 0, by: 'begin:run-a' };
const moved = (to: number, by: string): Watermark => ({ ...first, to, by });

test('two that make the watermark at once get the same one', async () => {
  const state = openSqliteState(':memory:');
  const entries = await Promise.all([
    ensureWatermark(state, 's', 't', first),
    ensureWatermark(state, 's', 't', { ...first, to: 999, by: 'begin:run-b' }),
  ]);
  assert.equal(entries[0].etag, entries[1].etag);
  assert.deepEqual(entries[0].value, entries[1].value);
  // Made before: what is asked for at first use counts no more.
  assert.deepEqual(await ensureWatermark(state, 's', 't', { ...first, to: 5 }), entries[0]);
  await state.close();
});

test('of two readers the later one finds the watermark moved, and moves nothing', async () => {
  const state = openSqliteState(':memory:');
  const { etag } = await ensureWatermark(state, 's', 't', first);
  const etagA = await moveWatermark(state, 's', 't', moved(200, 'a:200'), etag);
  assert.ok(etagA);
  assert.equal(await moveWatermark(state, 's', 't', moved(150, 'b:150'), etag), undefined);
  assert.deepEqual((await readWatermark(state, 's', 't'))?.value, moved(200, 'a:200'));
  // The first reader goes on under the tag it got.
  const etagA2 = await moveWatermark(state, 's', 't', moved(300, 'a:300'), etagA);
  assert.ok(etagA2);
  // A stale tag of its own earlier commit does not help the second reader later either.
  assert.equal(await moveWatermark(state, 's', 't', moved(900, 'b:900'), etag), undefined);
  assert.equal((await readWatermark(state, 's', 't'))?.value.to, 300);
  await state.close();
});

test('a repeat of a commit recognises its own work and gets the tag to go on with', async () => {
  const state = openSqliteState(':memory:');
  const { etag } = await ensureWatermark(state, 's', 't', first);
  const once = await moveWatermark(state, 's', 't', moved(200, 'a:200'), etag);
  const twice = await moveWatermark(state, 's', 't', moved(200, 'a:200'), etag);
  assert.equal(twice, once);
  assert.ok(await moveWatermark(state, 's', 't', moved(300, 'a:300'), twice ?? ''));
  // Delivered late, after the run has moved on: it must not set the watermark back.
  assert.equal(await moveWatermark(state, 's', 't', moved(200, 'a:200'), etag), undefined);
  assert.equal((await readWatermark(state, 's', 't'))?.value.to, 300);
  await state.close();
});

test('a watermark that is gone is not made again by a commit', async () => {
  const state = openSqliteState(':memory:');
  const { etag } = await ensureWatermark(state, 's', 't', first);
  await state.remove('watermarks', 's', 't');
  assert.equal(await moveWatermark(state, 's', 't', moved(200, 'a:200'), etag), undefined);
  assert.equal(await readWatermark(state, 's', 't'), undefined);
  await state.close();
});

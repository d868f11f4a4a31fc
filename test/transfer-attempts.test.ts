import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure, reportFailure } from '../shared/errors.ts';
import { beginAttempt, dropAttempt, failAttempt, retryByHand } from '../shared/transfer/attempts.ts';
import type { OwedItem } from '../shared/transfer/ledger.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const owed: OwedItem = {
  item: { key: 'k', lsid: 'k', values: {}, extension: 'flv' },
  destinationId: 'd',
  state: 'pending',
  attempts: 0,
  owedSince: 1_000_000,
  nextAttempt: 1_000_000,
};
const transient = new Failure('transient', 'connection-lost', 'The connection broke.');
const refused = new Failure('item', 'not-ready', 'Not ready.');
const fail = (row: OwedItem, failure: Failure, now: number, retryHours?: number) =>
  failAttempt(row, failure, reportFailure(failure), now, retryHours);

test('an attempt is recorded with its run, and one that ends leaves no trace of it', () => {
  const begun = beginAttempt(owed, 'run-1');
  assert.deepEqual(begun.underWay, { run: 'run-1', times: 1 });
  assert.equal(begun.attempts, 0);
  assert.deepEqual(dropAttempt(begun), owed);
  const failed = fail(begun, transient, 2_000_000);
  assert.equal(failed.underWay, undefined);
  assert.equal(failed.attempts, 1);
  assert.deepEqual(failed.lastFailure, reportFailure(transient));
});

test('an item whose host died in three different runs is set aside at the fourth', () => {
  let row = owed;
  for (const run of ['a', 'b', 'c']) {
    row = beginAttempt(row, run);
    assert.equal(row.state, 'pending', run);
    assert.equal(row.attempts, 0);
  }
  row = beginAttempt(row, 'd');
  assert.equal(row.state, 'set-aside');
  assert.equal(row.attempts, 1);
  assert.equal(row.lastFailure?.code, 'cut-off');
  assert.equal(row.underWay, undefined);
});

test('one run whose host is killed again and again goes on with the item ten times, then sets it aside', () => {
  let row = owed;
  for (let times = 1; times <= 10; times++) {
    row = beginAttempt(row, 'a');
    assert.equal(row.state, 'pending');
    assert.equal(row.underWay?.times, times);
  }
  assert.equal(beginAttempt(row, 'a').state, 'set-aside');
});

test('an attempt that came to its end forgets the ones that were cut off', () => {
  let row = beginAttempt(beginAttempt(beginAttempt(owed, 'a'), 'b'), 'c');
  assert.equal(row.cutOffIn?.length, 2);
  row = fail(row, transient, 2_000_000);
  assert.equal(row.cutOffIn, undefined);
  for (const run of ['d', 'e', 'f']) row = beginAttempt(row, run);
  assert.equal(row.state, 'pending');
});

test('the pauses grow from a minute, stay within six hours, and are never shorter than what was asked for', () => {
  let row = owed;
  const pauses: number[] = [];
  for (let at = 0; at < 20; at++) {
    row = fail(row, transient, 5_000_000);
    pauses.push((row.nextAttempt - 5_000_000) / MINUTE);
  }
  assert.deepEqual(pauses.slice(0, 5), [1, 2, 4, 8, 16]);
  for (const [at, pause] of pauses.entries()) assert.ok(pause >= (pauses[at - 1] ?? 0) && pause <= 360);
  assert.equal(pauses.at(-1), 360);
  assert.equal(row.state, 'pending', 'what lies outside the item never condemns it');
  const asked = new Failure('transient', 'busy', 'Busy.', { retryAfterMs: 7 * 60 * MINUTE });
  assert.equal(fail(owed, asked, 0).nextAttempt, 7 * 60 * MINUTE);
});

test('a refusal of the item is asked again for a day, an expired recording never', () => {
  // The day counts from the first refusal: the destination may have been down for longer before.
  const refusedAt = owed.owedSince + 3 * DAY;
  const first = fail(owed, refused, refusedAt);
  const early = fail(first, refused, refusedAt + DAY - 1);
  assert.deepEqual([first.state, early.state], ['pending', 'pending']);
  const late = fail(early, refused, refusedAt + DAY);
  assert.deepEqual([late.state, late.attempts, late.lastFailure?.code], ['set-aside', 3, 'not-ready']);
  const expired = new Failure('item', 'recording-expired', 'Gone.');
  assert.equal(fail(owed, expired, owed.owedSince).state, 'set-aside');
  const later = fail(owed, transient, owed.owedSince + 100 * DAY);
  assert.equal(later.state, 'pending');
});

test('a refused item is asked again for as long as the setting says, the last time when that is over', () => {
  for (const hours of [1, 24, 100]) {
    const over = hours * 60 * MINUTE;
    let row = fail(owed, refused, 0, hours);
    let at = 0;
    for (let attempts = 0; row.state === 'pending'; attempts++) {
      assert.ok(attempts < 100, 'it comes to an end');
      assert.ok(row.nextAttempt > at && row.nextAttempt <= over, `${hours} h: ${row.nextAttempt}`);
      at = row.nextAttempt;
      row = fail(row, refused, at, hours);
    }
    assert.equal(at, over);
  }
  assert.equal(fail(owed, refused, 0, 0).state, 'set-aside');
  const asked = new Failure('item', 'not-ready', 'Not ready.', { retryAfterMs: 3 * 60 * MINUTE });
  assert.equal(fail(owed, asked, 0, 1).nextAttempt, 3 * 60 * MINUTE);
});

test('a retry by hand is due now, counted, and has the whole time before it again', () => {
  const expired = fail(
    { ...fail(owed, refused, 0), wantedBy: 'pull-1' },
    new Failure('item', 'recording-expired', 'Gone.'),
    5000,
  );
  assert.equal(expired.state, 'set-aside');
  const again = retryByHand(expired, 9 * DAY);
  assert.deepEqual(
    [again.state, again.nextAttempt, again.handRetries, again.attempts, again.lastFailure?.code],
    ['pending', 9 * DAY, 1, 2, 'recording-expired'],
  );
  assert.equal(again.wantedBy, undefined);
  assert.equal(fail(again, refused, 10 * DAY).state, 'pending', 'the day counts anew');
  const byRun = retryByHand(again, 9 * DAY, 'run-2');
  assert.deepEqual([byRun.handRetries, byRun.wantedBy, byRun.lastFailure], [2, 'run-2', undefined]);
});

test('whatever happens, an item is set aside after a bounded number of deaths, and only made attempts count', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const), run: fc.integer({ min: 0, max: 6 }) }),
    fc.record({ kind: fc.constant('fail' as const) }),
    fc.record({ kind: fc.constant('drop' as const) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80, size: 'large' }), (events) => {
      let row = owed;
      let failed = 0;
      let deaths = 0;
      for (const one of events) {
        if (row.state === 'set-aside') break;
        if (one.kind === 'begin') {
          if (row.underWay) deaths++;
          row = beginAttempt(row, `run-${one.run}`);
        } else if (row.underWay && one.kind === 'fail') {
          row = fail(row, transient, owed.owedSince);
          failed++;
          deaths = 0;
        } else if (row.underWay) row = dropAttempt(row);
        assert.equal(row.attempts, failed + (row.state === 'set-aside' ? 1 : 0));
        // Three runs of at most ten deaths each.
        assert.ok(row.state === 'set-aside' || (row.cutOffIn?.length ?? 0) < 3);
        assert.ok((row.underWay?.times ?? 0) <= 10);
        if (row.state === 'set-aside') assert.ok(deaths >= 3, 'not for a death or two');
      }
    }),
  );
});

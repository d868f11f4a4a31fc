import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { NcrontabSchedule } from '../infra/local/host/ncrontab.ts';
import { control } from './local-host/control.ts';
import { openHost, withDirectory, withHost } from './local-host/harness.ts';

function occurrences(expression: string, from: string, count: number): string[] {
  const schedule = new NcrontabSchedule(expression);
  const found: string[] = [];
  let at = new Date(from);
  for (let index = 0; index < count; index++) {
    at = schedule.next(at) ?? new Date(Number.NaN);
    found.push(at.toISOString().slice(0, 19));
  }
  return found;
}

test('NCRONTAB schedules occur when Azure documents them', () => {
  assert.deepEqual(occurrences('0 */5 * * * *', '2026-03-01T10:58:30Z', 2), [
    '2026-03-01T11:00:00',
    '2026-03-01T11:05:00',
  ]);
  assert.deepEqual(occurrences('0 30 9 * Jan Mon-Fri', '2026-12-31T00:00:00Z', 2), [
    '2027-01-01T09:30:00',
    '2027-01-04T09:30:00',
  ]);
  assert.deepEqual(occurrences('*/15 * * * *', '2026-03-01T10:46:00Z', 1), ['2026-03-01T11:00:00']);
  assert.deepEqual(occurrences('59,10-12 59 23 * * *', '2026-12-31T23:59:11.500Z', 3), [
    '2026-12-31T23:59:12',
    '2026-12-31T23:59:59',
    '2027-01-01T23:59:10',
  ]);
  assert.deepEqual(occurrences('0 0 0 29 2 *', '2026-01-01T00:00:00Z', 1), ['2028-02-29T00:00:00']);
  // Both day fields must hold.
  assert.deepEqual(occurrences('0 0 0 13 * Fri', '2026-01-01T00:00:00Z', 2), [
    '2026-02-13T00:00:00',
    '2026-03-13T00:00:00',
  ]);
  assert.deepEqual(occurrences('0 0 5/6 * * *', '2026-01-01T06:00:00Z', 3), [
    '2026-01-01T11:00:00',
    '2026-01-01T17:00:00',
    '2026-01-01T23:00:00',
  ]);
});

test('what is no NCRONTAB schedule is refused', () => {
  for (const bad of [
    '',
    '* * * *',
    '60 * * * * *',
    '* * * 0 * *',
    '* * * * * 7',
    '0 0 0 30 2 *',
    '@daily',
    '*/0 * * * *',
    '5-1 * * * *',
    '0 0 0 L * *',
  ]) {
    assert.throws(() => new NcrontabSchedule(bad), /is not an NCRONTAB schedule/, bad);
  }
});

test('a timer function gets its schedule status and logs under its name', () =>
  withHost(async ({ host, log }) => {
    await host.fireTimer('tick');
    await host.fireTimer('TICK');
    const [first, second] = control.taken('tick') as { isPastDue: boolean; last: string }[];
    assert.equal(first?.isPastDue, false);
    assert.ok(Date.parse(second?.last ?? '') > Date.now() - 60_000);
    const line = log.lines.find(({ message }) => message === 'ticked');
    assert.equal(line?.level, 'warn');
    assert.equal(line?.fields.function, 'tick');
    assert.match(String(line?.fields.invocationId), /^[0-9a-f-]{36}$/);
    await assert.rejects(host.fireTimer('nothing'), /no timer function/);
  }));

test('a missed occurrence is made up for once at start, as past due', () =>
  withDirectory(async (directory) => {
    control.reset();
    const path = join(directory, 'host.db');
    await (await openHost(path, { timers: 'on' })).host.close();
    const database = new DatabaseSync(path);
    const changed = database
      .prepare("UPDATE timers SET next = '2026-01-01T03:00:00.000Z' WHERE name = 'tick'")
      .run();
    assert.equal(changed.changes, 1);
    database.close();
    for (let round = 0; round < 2; round++) {
      const { host } = await openHost(path, { timers: 'on' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await host.close();
    }
    const runs = control.taken('tick') as { isPastDue: boolean }[];
    assert.deepEqual(
      runs.map(({ isPastDue }) => isPastDue),
      [true],
    );
  }));

test('a timer function does not run twice at once; a run that lasts too long delays the next', () =>
  withHost(
    async () => {
      while (control.taken('everySecond').length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual(control.taken('everySecond').slice(0, 4), ['begin', 'end', 'begin', 'end']);
    },
    { timers: 'on' },
  ));

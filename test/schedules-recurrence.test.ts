import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { Settings as LuxonSettings } from 'luxon';
import { latestDue } from '../shared/schedules/recurrence.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (iso: string) => Date.parse(iso);
const due = (period: Parameters<typeof latestDue>[0], iso: string) =>
  new Date(latestDue(period, at(iso))).toISOString();
const daily = (time: string, timeZone: string) => ({ days: 1, at: time, timeZone });

// The day on which the program runs must not matter: one in summer time, one in winter time, both hemispheres.
const machineClocks = [Date.now(), at('2026-01-15T12:00:00Z'), at('2026-07-15T12:00:00Z')];
afterEach(() => {
  LuxonSettings.now = () => Date.now();
});

test('minutes and hours count from midnight UTC, whatever the time zone', () => {
  assert.equal(due({ minutes: 15 }, '2026-03-29T01:14:59.999Z'), '2026-03-29T01:00:00.000Z');
  assert.equal(due({ minutes: 15 }, '2026-03-29T01:15:00.000Z'), '2026-03-29T01:15:00.000Z');
  assert.equal(due({ hours: 6 }, '2026-03-29T05:59:00Z'), '2026-03-29T00:00:00.000Z');
  assert.equal(due({ minutes: 1 }, '2026-03-29T05:59:30Z'), '2026-03-29T05:59:00.000Z');
});

test('days are due at the time of day in the time zone', () => {
  assert.equal(due(daily('02:00', 'UTC'), '2026-05-05T01:59:59Z'), '2026-05-04T02:00:00.000Z');
  assert.equal(due(daily('02:00', 'UTC'), '2026-05-05T02:00:00Z'), '2026-05-05T02:00:00.000Z');
  assert.equal(due(daily('22:30', 'America/New_York'), '2026-05-05T02:30:00Z'), '2026-05-05T02:30:00.000Z');
  assert.equal(due(daily('00:00', 'Asia/Kolkata'), '2026-05-05T18:29:59Z'), '2026-05-04T18:30:00.000Z');
});

test('on the day the clock goes forward, a time that is left out is due once the clock has gone forward', () => {
  for (const now of machineClocks) {
    LuxonSettings.now = () => now;
    // 02:30 does not come in Berlin on that day: it is 03:30, which is 01:30 UTC.
    assert.equal(due(daily('02:30', 'Europe/Berlin'), '2026-03-29T01:29:59Z'), '2026-03-28T01:30:00.000Z');
    assert.equal(due(daily('02:30', 'Europe/Berlin'), '2026-03-29T01:30:00Z'), '2026-03-29T01:30:00.000Z');
    assert.equal(due(daily('02:30', 'Europe/Berlin'), '2026-03-30T00:30:00Z'), '2026-03-30T00:30:00.000Z');
    assert.equal(due(daily('02:30', 'America/New_York'), '2026-03-08T12:00:00Z'), '2026-03-08T07:30:00.000Z');
    // Midnight itself is left out in Cairo.
    assert.equal(due(daily('00:00', 'Africa/Cairo'), '2026-04-24T12:00:00Z'), '2026-04-23T22:00:00.000Z');
  }
});

test('on the day the clock goes back, a time that comes twice is due the first time and not again', () => {
  for (const now of machineClocks) {
    LuxonSettings.now = () => now;
    for (const [zone, time, first, second] of [
      ['Europe/Berlin', '02:30', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
      ['America/New_York', '01:30', '2026-11-01T05:30:00.000Z', '2026-11-01T06:30:00.000Z'],
      ['Australia/Sydney', '02:30', '2026-04-04T15:30:00.000Z', '2026-04-04T16:30:00.000Z'],
      // Half an hour only.
      ['Australia/Lord_Howe', '01:45', '2026-04-04T14:45:00.000Z', '2026-04-04T15:15:00.000Z'],
    ] as const) {
      const period = daily(time, zone);
      assert.equal(due(period, first), first, zone);
      assert.equal(
        due(period, new Date(at(first) - 1).toISOString()).slice(0, 10) < first.slice(0, 10),
        true,
        zone,
      );
      assert.equal(due(period, second), first, `${zone} the second time`);
      assert.equal(due(period, new Date(at(second) + HOUR).toISOString()), first, zone);
    }
  }
});

test('several days count calendar days, so that a change of the clock shifts nothing', () => {
  const period = { days: 7, at: '03:00', timeZone: 'Europe/Berlin' };
  const dues = ['2026-03-27', '2026-04-03', '2026-10-23', '2026-10-30'].map((day) =>
    due(period, `${day}T12:00:00Z`),
  );
  // Thursdays, as 1970-01-01 was.
  assert.deepEqual(dues, [
    '2026-03-26T02:00:00.000Z',
    '2026-04-02T01:00:00.000Z',
    '2026-10-22T01:00:00.000Z',
    '2026-10-29T02:00:00.000Z',
  ]);
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Asia/Kathmandu',
];
const period = fc.oneof(
  fc.record({ minutes: fc.integer({ min: 1, max: 10_080 }) }),
  fc.record({ hours: fc.integer({ min: 1, max: 168 }) }),
  fc.record({
    days: fc.integer({ min: 1, max: 7 }),
    at: fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':')),
    timeZone: fc.constantFrom(...zones),
  }),
);
const instant = fc.integer({ min: at('2024-01-01'), max: at('2030-01-01') });

test('the newest due instant is never ahead, never goes back, and is its own newest', () => {
  fc.assert(
    fc.property(period, instant, fc.integer({ min: 0, max: 40 * DAY }), (every, now, later) => {
      const one = latestDue(every, now);
      assert.ok(one <= now);
      assert.equal(latestDue(every, one), one);
      const two = latestDue(every, now + later);
      assert.ok(two >= one);
      const length =
        'minutes' in every
          ? every.minutes * 60_000
          : 'hours' in every
            ? every.hours * HOUR
            : every.days * DAY;
      // With a change of the clock in between a day may be an hour longer.
      assert.ok(now - one < length + HOUR + 1, 'none was left out');
    }),
    { numRuns: 2000 },
  );
});

test('every day has one due instant, all year long', () => {
  for (const now of machineClocks.slice(1)) {
    LuxonSettings.now = () => now;
    for (const [zone, time] of [
      ['Europe/Berlin', '02:30'],
      ['America/New_York', '01:30'],
      ['Australia/Lord_Howe', '01:45'],
    ] as const) {
      const dues = new Set<number>();
      for (let hour = at('2026-01-01'); hour < at('2027-01-01'); hour += 5 * HOUR)
        dues.add(latestDue(daily(time, zone), hour));
      assert.ok(dues.size >= 365 && dues.size <= 366, `${zone} ${time}: ${dues.size}`);
    }
  }
});

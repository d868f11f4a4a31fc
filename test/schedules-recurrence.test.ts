import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { Settings as LuxonSettings } from 'luxon';
import { latestDue, nextDue } from '../shared/schedules/recurrence.ts';

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

/**
 * The same by Intl alone: every minute around the day is looked at on the wall clock of the zone. The first minute of a
 * due day whose wall clock is at, or for the first time past, the time of day.
 */
function independentDue(period: { days: number; at: string; timeZone: string }, dayNumber: number): number {
  const wall = new Intl.DateTimeFormat('en-GB', {
    timeZone: period.timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const [hour = 0, minute = 0] = period.at.split(':').map(Number);
  const wanted = dayNumber * DAY + hour * HOUR + minute * 60_000;
  const wallOf = (ms: number) => {
    const parts = Object.fromEntries(wall.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour: hours = 0, minute: minutes = 0 } = parts;
    return Date.UTC(year, month - 1, day, hours, minutes);
  };
  // Offsets lie within -12 h and +14 h. First the very time of day, else (it is left out) as late as if it were not.
  for (let ms = wanted - 15 * HOUR; ms <= wanted + 13 * HOUR; ms += 5 * 60_000) {
    if (wallOf(ms) > wanted) {
      for (let exact = ms - 5 * 60_000; exact <= ms; exact += 60_000)
        if (wallOf(exact) === wanted) return exact;
      // Left out: the offset that was valid before the change still counts.
      const before = ms - 5 * 60_000;
      return wanted - (wallOf(before) - before);
    }
    if (wallOf(ms) === wanted) return ms;
  }
  throw new Error('no such day');
}

test('days are due as Intl has it by itself, on the days of a change above all', () => {
  const changes = [
    '2026-03-29',
    '2026-10-25',
    '2026-03-08',
    '2026-11-01',
    '2026-04-05',
    '2026-10-04',
    '2026-04-24',
  ];
  const days = fc.record({
    days: fc.integer({ min: 1, max: 7 }),
    at: fc.constantFrom(
      '00:00',
      '00:30',
      '01:30',
      '01:45',
      '02:00',
      '02:15',
      '02:30',
      '03:00',
      '12:00',
      '23:55',
    ),
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'America/Santiago',
      'Australia/Lord_Howe',
      'Africa/Cairo',
      'Asia/Kathmandu',
      'Pacific/Kiritimati',
    ),
  });
  const near = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -3 * 24 * 60, max: 3 * 24 * 60 }))
    .map(([day, minutes]) => at(day) + minutes * 60_000);
  fc.assert(
    fc.property(days, near, (every, now) => {
      const first = Math.floor(now / DAY) - 9;
      const dues = Array.from({ length: 19 }, (_, day) => first + day)
        .filter((day) => day % every.days === 0)
        .map((day) => independentDue(every, day));
      assert.equal(latestDue(every, now), Math.max(...dues.filter((due) => due <= now)));
      assert.equal(nextDue(every, now), Math.min(...dues.filter((due) => due > now)));
    }),
    { numRuns: 60 },
  );
});

test('what is due next is what is due then, and nothing lies between', () => {
  fc.assert(
    fc.property(period, instant, (every, now) => {
      const next = nextDue(every, now);
      assert.ok(next > now);
      assert.equal(latestDue(every, next), next);
      assert.equal(latestDue(every, next - 1), latestDue(every, now));
    }),
    { numRuns: 2000 },
  );
});

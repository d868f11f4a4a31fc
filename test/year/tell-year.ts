import assert from 'node:assert/strict';
import { Random } from '../appliance/random.ts';
import { teller } from './apart.ts';
import { populate } from './sessions-model.ts';
import { begin, DAY, HOUR, MINUTE, makeJumps, retrySetAside, SECOND, seed, tell } from './story.ts';

/** 02:30 in Berlin: once a day, on the day that has no 02:30 when the clock has gone forward, on the one that has two at the first. */
function dueInstants(first: number, days: number): string[] {
  const summer = [Date.UTC(2026, 2, 30), Date.UTC(2026, 9, 25)] as const;
  return Array.from({ length: days }, (_, day) => {
    const midnight = first + day * DAY;
    const isSummer = midnight >= summer[0] && midnight <= summer[1];
    return new Date(midnight + (isSummer ? 30 : 90) * MINUTE).toISOString();
  });
}

const from = Date.UTC(2026, 0, 1);
const busy = from + 365 * DAY;
const random = new Random(seed, 7, 2);
const jumps = makeJumps(random, from, busy, 6);
const sessions = populate(random, {
  from: from - 20 * DAY,
  to: busy,
  sessions: 2500,
  longest: 5 * DAY,
  jumps,
  lastNeverClosing: busy,
});
const days = dueInstants(from, 377);
const story = await begin({
  from,
  sessions,
  jumps,
  weather: { until: busy, lasts: 8 * HOUR },
  schedule: {
    every: { days: 1, at: '02:30', timeZone: 'Europe/Berlin' },
    transfers: [
      { site: 'site', destination: 'files', dataTypes: ['session-data', 'session-recording', 'backup'] },
      { site: 'site', destination: 'records', dataTypes: ['session-data'] },
    ],
  },
  // The tick comes each minute; nothing happens at most of them.
  nextTick: (at) => {
    const hour = Math.floor((at % DAY) / HOUR);
    const length = hour < 3 ? 5 * MINUTE : 3 * HOUR;
    return (Math.floor(at / length) + 1) * length + random.int(30 * SECOND);
  },
});
await story.simulation.runUntil(busy + 10 * DAY);
const setAside = await retrySetAside(story);
await story.simulation.runUntil(busy + 12 * DAY - HOUR);
tell(teller, story, setAside);
await story.observer.assertEverything(days);
// Only while its last run was still going is a due instant passed over, and while no tick came through.
const due = story.observer.runs.map(({ dueAt }) => dueAt).sort();
assert.equal(new Set(due).size, due.length, 'an instant has two runs');
assert.deepEqual(
  due.filter((instant) => !days.includes(instant)),
  [],
  'a run of no due instant',
);
for (const instant of ['2026-03-29T01:30:00.000Z', '2026-10-25T00:30:00.000Z'])
  assert.ok(due.includes(instant), `daylight saving: ${instant}`);
assert.ok(due.length >= 0.97 * days.length, `${due.length} runs on ${days.length} days`);

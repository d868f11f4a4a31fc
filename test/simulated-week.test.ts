import { test } from 'node:test';
import { Random } from './appliance/random.ts';
import { populate } from './year/sessions-model.ts';
import { begin, DAY, HOUR, MINUTE, makeJumps, retrySetAside, SECOND, seed, tell } from './year/story.ts';

test('a week of every minute: in the end everything is stored once, and no gap was silent', async (t) => {
  const from = Date.UTC(2026, 9, 21);
  const busy = from + 7 * DAY;
  const random = new Random(seed, 7, 1);
  const jumps = makeJumps(random, from, busy, 4);
  const sessions = populate(random, {
    from: from - 2 * DAY,
    to: busy,
    sessions: 400,
    longest: 30 * HOUR,
    jumps,
    lastNeverClosing: busy,
  });
  const story = await begin({
    from,
    sessions,
    jumps,
    weather: { until: busy, lasts: 40 * MINUTE },
    site: { openSessionHours: 12 },
    schedule: {
      every: { minutes: 1 },
      transfers: [
        { site: 'site', destination: 'files', dataTypes: ['session-data', 'session-recording'] },
        { site: 'site', destination: 'records', dataTypes: ['session-data'] },
      ],
    },
    nextTick: (at) => {
      const length = at < busy ? MINUTE : 15 * MINUTE;
      return (Math.floor(at / length) + 1) * length + random.int(2 * SECOND);
    },
  });
  await story.simulation.runUntil(busy + 3 * DAY);
  const setAside = await retrySetAside(story);
  await story.simulation.runUntil(busy + 3 * DAY + 2 * HOUR);
  tell(t, story, setAside);
  await story.observer.assertEverything([]);
});

import { Random } from '../appliance/random.ts';
import { teller } from './apart.ts';
import { populate } from './sessions-model.ts';
import { begin, DAY, HOUR, MINUTE, makeJumps, retrySetAside, SECOND, seed, tell } from './story.ts';

const from = Date.UTC(2026, 9, 21);
/** YEAR_DAYS=3 tells fewer, each as full of trouble. */
const days = Number(process.env.YEAR_DAYS ?? 7);
const busy = from + days * DAY;
const random = new Random(seed, 7, 1);
const jumps = makeJumps(random, from, busy, Math.ceil(days / 2));
const sessions = populate(random, {
  from: from - 2 * DAY,
  to: busy,
  sessions: Math.round((400 * (days + 2)) / 9),
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
tell(teller, story, setAside);
await story.observer.assertEverything([]);

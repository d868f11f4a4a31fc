import assert from 'node:assert/strict';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { walkLedger } from '../../shared/transfer/ledger-walk.ts';
import { retryItems } from '../../shared/transfer/retry-items.ts';
import { Random } from '../appliance/random.ts';
import type { Teller } from './apart.ts';
import { Observer } from './observer.ts';
import type { ClockJump, ModelSession } from './sessions-model.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { Weather, type WeatherOptions } from './weather.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** `YEAR_SEED=n` tells the same story again. */
export const seed = Number(process.env.YEAR_SEED ?? Math.floor(Math.random() * 1_000_000));

export interface Story {
  readonly simulation: Simulation;
  readonly observer: Observer;
  readonly weather: Weather;
  readonly sessions: readonly ModelSession[];
}

export async function begin({
  weather: wanted,
  ...options
}: Omit<SimulationOptions, 'seed' | 'onRunEnd' | 'sky'> & {
  readonly weather: WeatherOptions;
}): Promise<Story> {
  // At once: a story that does not end is to be told again as well.
  console.log(`YEAR_SEED=${seed}`);
  const observer: Observer = new Observer(() => simulation, options.sessions, options.jumps);
  let weather: Weather | undefined;
  const simulation = new Simulation({
    ...options,
    seed,
    sky: (time) => (weather = new Weather(new Random(seed, 4, 5), time, wanted)),
    onRunEnd: (id) => observer.runEnded(id),
  });
  assert.ok(weather);
  await simulation.begin();
  return { simulation, observer, weather, sessions: options.sessions };
}

/** A person tries again what was set aside; what has expired is gone. */
export async function retrySetAside({ simulation: { person } }: Story): Promise<number> {
  const { settings } = await loadSettings(person.state);
  const part = { siteId: 'site', stream: 'session-recording' } as const;
  const { rows } = await walkLedger(person.state, [part], { state: 'set-aside' }, 10_000);
  const mayCome = rows.filter(({ entry }) => entry.value.lastFailure?.code !== 'recording-expired');
  await retryItems(person, mayCome, { settings, now: false, name: 'person' });
  return mayCome.length;
}

/** What happened, and that enough of it did: a story without trouble proves nothing. */
export function tell(
  context: Teller,
  { simulation, observer, weather, sessions }: Story,
  setAside: number,
): void {
  const { activities, ticks, deaths, problems } = simulation;
  const statuses = Object.groupBy(observer.runs, ({ status }) => status);
  const counts = Object.entries(statuses).map(([status, runs = []]) => `${runs.length} ${status}`);
  context.diagnostic(
    `seed ${seed}: ${sessions.length} sessions, ${observer.runs.length} runs (${counts.join(', ')}), ` +
      `${activities} activities, ${ticks} ticks, ${deaths} deaths of hosts, ${observer.gaps} gaps told of, ` +
      `${setAside} set aside for a person; ${[...weather.met].map(([what, times]) => `${what} ${times}`).join(', ')}`,
  );
  assert.deepEqual(problems, []);
  assert.ok(deaths > 50 && observer.gaps > 10 && weather.met.size > 8, 'hardly anything went wrong');
}

/** Far enough from each other that a run comes between them: two between two runs look like one. */
export function makeJumps(random: Random, from: number, to: number, count: number): ClockJump[] {
  const between = (to - from) / (count + 1);
  return Array.from({ length: count }, (_, index) => ({
    at: Math.floor(from + (index + 0.7 + 0.6 * random.unit()) * between),
    by: (random.chance(0.5) ? 1 : -1) * (2 * MINUTE + random.int(2 * HOUR)),
  }));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../shared/errors.ts';
import { getRun, type Run } from '../shared/runs/run.ts';
import { lsidOf } from './support/workbench.ts';
import type { Trouble } from './year/model-appliance.ts';
import { Observer } from './year/observer.ts';
import { applianceClock, type ClockJump, type ModelSession } from './year/sessions-model.ts';
import { Simulation } from './year/simulation.ts';
import type { VirtualTime } from './year/virtual-time.ts';
import type { Sky } from './year/weather.ts';

const MINUTE = 60_000;
const from = Date.UTC(2026, 4, 1);

/** What the commands have brought about: the model that the stored set has to come to. */
interface Model {
  readonly sessions: ModelSession[];
  readonly jumps: ClockJump[];
}

interface Aimed {
  readonly of: 'any' | 'report' | 'recording';
  readonly trouble: Trouble;
}

/** Does as the commands say. */
class OrderedSky implements Sky {
  isRough = true;
  troubles: Aimed[] = [];
  deaths: { readonly call: string; left: number }[] = [];
  readonly away = new Set<string>();
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  meet(request: string): Trouble | undefined {
    this.#time.now += 100;
    const at = this.troubles.findIndex(({ of }) => of === 'any' || of === request);
    return at < 0 ? undefined : this.troubles.splice(at, 1)[0]?.trouble;
  }

  meetDestination(id: string): void {
    if (this.away.has(id))
      throw new Failure('transient', 'destination-unavailable', `${id} cannot be reached.`);
  }

  death(call: string): boolean {
    const met = this.deaths.filter((death) => call.startsWith(death.call));
    for (const death of met) death.left--;
    this.deaths = this.deaths.filter(({ left }) => left > 0);
    return met.some(({ left }) => left <= 0);
  }

  clear(): void {
    this.troubles = [];
    this.deaths = [];
    this.away.clear();
    this.isRough = false;
  }
}

class Installation {
  readonly model: Model;
  readonly simulation: Simulation;
  readonly runs: Run[] = [];
  sky: OrderedSky | undefined;
  tickEvery = 5 * MINUTE;

  constructor(model: Model, seed: number) {
    this.model = model;
    this.simulation = new Simulation({
      ...model,
      seed,
      from,
      sky: (time) => (this.sky = new OrderedSky(time)),
      schedule: {
        every: { minutes: 5 },
        transfers: [
          { site: 'site', destination: 'files', dataTypes: ['session-data', 'session-recording'] },
          { site: 'site', destination: 'records', dataTypes: ['session-data'] },
        ],
      },
      nextTick: (at) => (Math.floor(at / this.tickEvery) + 1) * this.tickEvery + 1000,
      onRunEnd: (id) => this.#runEnded(id),
    });
  }

  get now(): number {
    return this.simulation.time.now;
  }

  get weather(): OrderedSky {
    assert.ok(this.sky);
    return this.sky;
  }

  pass(minutes: number): Promise<void> {
    return this.simulation.runUntil(this.now + minutes * MINUTE);
  }

  observer(): Observer {
    return new Observer(() => this.simulation, this.model.sessions, this.model.jumps);
  }

  async #runEnded(id: string): Promise<void> {
    await this.observer().runEnded(id);
    const run = await getRun(this.simulation.state, id);
    if (run?.finishedAt !== undefined) this.runs.push(run);
  }
}

type Command = fc.AsyncCommand<Model, Installation>;

/** What happens next, and then some time passes. */
function command(
  name: string,
  minutes: number,
  happens: (at: Installation) => void | Promise<void>,
): Command {
  return {
    check: () => true,
    async run(_model, at) {
      await happens(at);
      await at.pass(minutes);
    },
    toString: () => `${name}, then ${minutes} minutes`,
  };
}

const minutes = fc.integer({ min: 0, max: 25 });

interface Recorded {
  readonly evidence: 'length' | 'chunked' | 'none';
  readonly wait: number;
}
const recorded: fc.Arbitrary<Recorded | undefined> = fc.option(
  fc.record({
    evidence: fc.constantFrom('none', 'length', 'chunked'),
    wait: fc.integer({ min: 0, max: 30 }),
  }),
  { nil: undefined, freq: 4 },
);

const begins = fc.tuple(minutes, fc.integer({ min: 1, max: 4 })).map(([pass, count]) =>
  command(`${count} begin`, pass, ({ now, model: { sessions, jumps } }) => {
    for (let one = 0; one < count; one++) {
      const startStamp = Math.floor(applianceClock(jumps, now) / 1000);
      sessions.push({ lsid: lsidOf(sessions.length + 1), began: now, startStamp });
    }
  }),
);

const ends = fc
  .tuple(minutes, fc.nat(9), fc.integer({ min: 0, max: 4 }), fc.boolean(), recorded)
  .map(([pass, which, delay, changes, recording]) =>
    command(`one ends (${JSON.stringify({ delay, changes, recording })})`, pass, ({ now, model }) => {
      const open = model.sessions.flatMap(({ ended }, index) => (ended === undefined ? [index] : []));
      const index = open[which % open.length];
      if (index !== undefined) end(model, index, now, delay, changes, recording);
    }),
  );

function end(
  { sessions, jumps }: Model,
  index: number,
  now: number,
  delay: number,
  changes: boolean,
  recording?: Recorded,
): void {
  const session = sessions[index];
  if (!session) return;
  const shown = now + delay * MINUTE;
  sessions[index] = {
    ...session,
    ended: now,
    endStamp: Math.floor(applianceClock(jumps, now) / 1000),
    shown,
    ...(changes ? { changed: shown + 3 * MINUTE } : {}),
    ...(recording && {
      recording: {
        content: Buffer.from(`the recording of ${session.lsid}`),
        evidence: recording.evidence,
        readyAt: now + recording.wait * MINUTE,
        expired: false,
        announcedLate: false,
      },
    }),
  };
}

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc
    .constantFrom(
      new Failure('transient', 'unreachable', 'Nobody answers.'),
      new Failure('transient', 'too-many-requests', 'Later.', { retryAfterMs: 90_000 }),
      new Failure('terminal', 'wrong-secret', 'Not with this secret.'),
      new Failure('transient', 'unexpected-document', 'Something else.'),
    )
    .map((failure): Trouble => ({ kind: 'refused', failure })),
  fc
    .record({ told: fc.boolean(), after: fc.double({ min: 0.05, max: 0.95, noNaN: true }) })
    .map((cut): Trouble => ({ kind: 'cut', ...cut })),
);

const troubles = fc
  .tuple(
    minutes,
    fc.array(fc.record({ of: fc.constantFrom('any', 'report', 'recording'), trouble }), {
      minLength: 1,
      maxLength: 12,
    }),
  )
  .map(([pass, list]) =>
    command(`${list.length} troubles`, pass, ({ weather }) => {
      weather.troubles.push(...list);
    }),
  );

/** Bodies of recordings that end early, and nothing says so. */
const cuts = fc
  .tuple(minutes, fc.array(fc.double({ min: 0.1, max: 0.9, noNaN: true }), { minLength: 1, maxLength: 3 }))
  .map(([pass, list]) =>
    command(`${list.length} recordings are cut in silence`, pass, ({ weather }) => {
      weather.troubles.push(
        ...list.map((after): Aimed => ({ of: 'recording', trouble: { kind: 'cut', told: false, after } })),
      );
    }),
  );

/** Anywhere, and where it hurts. */
const calls = fc.constantFrom(
  '',
  'activity',
  'activity drain',
  'activity commit-slice',
  'appliance.sessionRecording',
  'appliance.chunk',
  'attempt',
  'records',
  'state.update',
  'state.remove',
);
const deaths = fc
  .tuple(minutes, fc.array(fc.tuple(calls, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 8 }))
  .map(([pass, list]) =>
    command(
      `deaths at ${list.map(([call, number]) => `${number}. ${call || 'call'}`)}`,
      pass,
      ({ weather }) => {
        weather.deaths.push(...list.map(([call, left]) => ({ call, left })));
      },
    ),
  );

const away = fc.tuple(minutes, fc.constantFrom('files', 'records'), fc.boolean()).map(([pass, id, goes]) =>
  command(`${id} ${goes ? 'goes' : 'is back'}`, pass, ({ weather }) => {
    if (goes) weather.away.add(id);
    else weather.away.delete(id);
  }),
);

/** Two jumps between two runs look like one, and one between an end and the moment it shows is beyond the lag. */
const jumps = fc.tuple(minutes, fc.integer({ min: -7200, max: 7200 })).map(([pass, seconds]) =>
  command(`the appliance's clock jumps by ${seconds} s`, pass, async (at) => {
    at.weather.clear();
    await at.pass(20);
    at.model.jumps.push({ at: at.now, by: seconds * 1000 });
    await at.pass(10);
    at.weather.isRough = true;
  }),
);

test('whatever happens in whatever order, the stored set comes to be the set of the appliance, once', async () => {
  const commands = fc.commands([begins, begins, ends, ends, troubles, cuts, deaths, away, jumps], {
    maxCommands: 14,
  });
  await fc.assert(
    fc.asyncProperty(commands, fc.nat(1_000_000), async (list, seed) => {
      const model: Model = { sessions: [], jumps: [] };
      const installation = new Installation(model, seed);
      await installation.simulation.begin();
      await installation.pass(10);
      await fc.asyncModelRun(() => ({ model, real: installation }), list);
      installation.weather.clear();
      // All that is still open ends; clocks that were set back come to where they were.
      for (const [index, { ended }] of model.sessions.entries())
        if (ended === undefined) end(model, index, installation.now, 0, false);
      const back = model.jumps.reduce((sum, { by }) => sum + Math.max(0, -by), 0);
      // And no pause between attempts is longer than six hours.
      installation.tickEvery = 30 * MINUTE;
      await installation.pass(back / MINUTE + 13 * 60);
      const observer = installation.observer();
      observer.runs.push(...installation.runs);
      await observer.assertEverything([]);
      assert.deepEqual(installation.simulation.problems, []);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 25) },
  );
});

import { setImmediate } from 'node:timers/promises';
import type { Destination } from '../../shared/destinations/destination.ts';
import { openFileDestination } from '../../shared/destinations/file/file-destination.ts';
import { silentLog } from '../../shared/log.ts';
import { liveWork } from '../../shared/runs/live-runs.ts';
import { pullForEvents } from '../../shared/schedules/event-pulls.ts';
import { type RunStarter, tick } from '../../shared/schedules/tick.ts';
import type { Services } from '../../shared/services.ts';
import { saveSettings } from '../../shared/settings/settings-store.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { activities } from '../../shared/transfer/activities.ts';
import { tendRuns } from '../../shared/transfer/tend-runs.ts';
import { Random } from '../appliance/random.ts';
import { MemoryFiles } from '../support/memory-file-store.ts';
import { memoryStaging } from '../support/memory-staging.ts';
import { MemoryState } from '../support/memory-state.ts';
import { DurableEngine } from './durable-engine.ts';
import { modelAppliance } from './model-appliance.ts';
import { Death, MortalHost } from './mortal-host.ts';
import { RecordStore } from './record-store.ts';
import type { ClockJump, ModelSession } from './sessions-model.ts';
import { takeOverTimers, VirtualTime } from './virtual-time.ts';
import type { Sky } from './weather.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** True time, milliseconds. */
  readonly from: number;
  readonly sessions: readonly ModelSession[];
  readonly jumps: readonly ClockJump[];
  readonly sky: (time: VirtualTime) => Sky;
  readonly schedule: { readonly every: object; readonly transfers: readonly object[] };
  readonly site?: object;
  /** After the tick at `at`: when the next one comes. */
  readonly nextTick: (at: number) => number;
  readonly onRunEnd: (runId: string) => Promise<void>;
}

// Errors are part of the story, a hundred thousand of them: their stacks are only looked at by people.
if (process.env.YEAR_STACKS === undefined) Error.stackTraceLimit = 0;

let current: VirtualTime | undefined;
takeOverTimers(() => {
  if (!current) throw new Error('no simulation is going');
  return current;
});

const calls = ['get', 'list', 'insert', 'update', 'put', 'remove', 'batch'] as const;

/**
 * The transfer layer, the schedules and the destinations' own code over stores in memory, on two hosts that die, with
 * time that only passes when everything waits for it. The same seed gives the same story.
 */
export class Simulation {
  readonly time: VirtualTime;
  readonly state: StateStore = new MemoryState();
  readonly files = new MemoryFiles();
  readonly records = new RecordStore();
  readonly sky: Sky;
  readonly engine: DurableEngine;
  /** What a person at the installation has: a host that does not die. */
  readonly person: Services;
  deaths = 0;
  ticks = 0;
  activities = 0;
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #staging = memoryStaging();
  readonly #appliance;
  readonly #ended: string[] = [];
  readonly #hosts: { host: MortalHost; services: Services; starter: RunStarter }[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, from, sessions, jumps } = options;
    this.time = new VirtualTime(from);
    current = this.time;
    this.#random = new Random(seed, 2, 3);
    // Pauses between tries are of random length.
    const pauses = new Random(seed, 2, 4);
    Math.random = () => pauses.unit();
    this.sky = options.sky(this.time);
    this.#appliance = modelAppliance({
      sessions,
      jumps,
      now: () => this.time.now,
      meet: (request) => this.sky.meet(request),
    });
    this.engine = new DurableEngine({
      time: this.time,
      choose: (below) => this.#random.int(below),
      twice: () => this.#random.chance(this.sky.isRough ? 0.05 : 0.01),
      perform: (name, input) => this.#perform(name, input),
      onEnd: (name, id) => {
        if (name === 'run') this.#ended.push(id);
      },
    });
    this.person = this.#host({ turns: () => 0, death: () => undefined }, () => undefined).services;
    for (let count = 0; count < 2; count++) this.#boot();
    this.#tickAt(options.nextTick(from));
  }

  async begin(): Promise<void> {
    await saveSettings(this.state, {
      sites: [
        {
          id: 'site',
          name: 'Site',
          host: 'site.example.com',
          account: { kind: 'oauth', clientId: 'client', secret: 'secret' },
          product: 'RS',
          requestsPerSecond: 100,
          requestsPerHour: 100_000,
          ...this.#options.site,
        },
      ],
      destinations: [
        {
          id: 'files',
          name: 'Files',
          plugin: 'file',
          settings: { kind: 'folder', directory: '/memory/files' },
        },
        {
          id: 'records',
          name: 'Records',
          plugin: 'sql',
          settings: { kind: 'sqlite', path: '/memory/records.db' },
        },
      ],
      schedules: [{ id: 'schedule', name: 'Schedule', ...this.#options.schedule }],
    });
  }

  /** Until that instant, and until nothing is under way then. */
  async runUntil(end: number): Promise<void> {
    let idle = 0;
    for (;;) {
      this.time.wakeDue();
      for (let id = this.#ended.shift(); id !== undefined; id = this.#ended.shift())
        await this.#options.onRunEnd(id);
      if (this.engine.step()) {
        for (let turns = this.#random.int(12); turns > 0; turns--) await undefined;
        continue;
      }
      // Whatever can go on does, as far as it can: nothing in here waits for anything but the virtual clock.
      await setImmediate();
      if (this.engine.hasReady || this.#ended.length > 0) continue;
      const next = this.time.next();
      if (next === undefined) throw new Error('nothing is going on any more');
      if (next > end && this.engine.busy === 0) {
        this.time.now = Math.max(this.time.now, end);
        return;
      }
      if (next <= this.time.now && ++idle > 1000) throw new Error('time does not pass');
      if (next > this.time.now) idle = 0;
      this.time.now = Math.max(this.time.now, next);
    }
  }

  #tickAt(instant: number): void {
    this.time.at(instant, true, () => {
      this.#tickAt(this.#options.nextTick(this.time.now));
      // The timer fires on one host; after a change of its owner on two.
      for (const { services, starter } of this.#random.chance(0.1) ? this.#hosts : [this.#anyHost()])
        void this.#tick(services, starter);
    });
  }

  async #tick(services: Services, starter: RunStarter): Promise<void> {
    this.ticks++;
    this.engine.busy++;
    try {
      // As functions/schedule-tick.ts does it.
      try {
        await tick(services, starter);
      } finally {
        const live = await liveWork(services.state);
        await pullForEvents(services, starter, live);
        await tendRuns(services, starter, { live: live.runs });
      }
    } catch (error) {
      if (!(error instanceof Death)) this.problems.push(error);
    } finally {
      this.engine.busy--;
    }
  }

  /** What no tick should have thrown. */
  readonly problems: unknown[] = [];

  async #perform(name: keyof typeof activities, input: unknown) {
    this.activities++;
    const { host, services } = this.#anyHost();
    const activity = activities[name] as (at: Services, input: unknown) => Promise<unknown>;
    try {
      // The host may die after its last call and before anybody knows of it.
      const result = await host.call(`activity ${name}`, () => activity(services, input));
      return { died: false, result: JSON.parse(JSON.stringify(result ?? null)) as unknown };
    } catch (error) {
      if (host.dead) return { died: true };
      throw error;
    }
  }

  #anyHost() {
    const host = this.#hosts[this.#random.int(this.#hosts.length)];
    if (!host) throw new Error('no host');
    return host;
  }

  #boot(): void {
    const made = this.#host(
      {
        turns: () => this.#random.int(4),
        death: (call) => {
          const death = this.sky.death(call);
          return death ? (this.#random.chance(0.5) ? 'before' : 'after') : undefined;
        },
      },
      () => {
        this.deaths++;
        // Until the platform has noticed, and somebody else has taken up what it was at.
        this.time.now += this.#random.int(30_000);
        this.#hosts.splice(this.#hosts.indexOf(made), 1);
        this.#boot();
      },
    );
    this.#hosts.push(made);
  }

  #host(fate: ConstructorParameters<typeof MortalHost>[0], onDeath: () => void) {
    const host = new MortalHost(fate, onDeath);
    const state = host.port('state', this.state, calls);
    const destinations = new Map<string, Destination>();
    const appliance = host.port(
      'appliance',
      this.#appliance,
      ['info', 'sessionReport', 'sessionRecording', 'backup'],
      ['sessionListing'],
    );
    for (const name of ['sessionReport', 'sessionRecording', 'backup'] as const) {
      const ask = appliance[name] as (...given: unknown[]) => Promise<{ chunks: AsyncIterable<Uint8Array> }>;
      appliance[name] = async (...given: unknown[]): Promise<never> => {
        const answer = await ask(...given);
        return (answer && { ...answer, chunks: host.stream('appliance.chunk', answer.chunks) }) as never;
      };
    }
    const services: Services = {
      state,
      staging: host.port('staging', this.#staging, ['write', 'remove'], ['read', 'list']),
      secrets: { get: async () => 'secret' } as unknown as Services['secrets'],
      log: silentLog,
      now: () => this.time.now,
      appliance: () => appliance,
      commands: () => {
        throw new Error('nothing in these stories changes anything on an appliance');
      },
      trial: () => {
        throw new Error('nothing in these stories is tried');
      },
      destination: async ({ id }) => {
        const known = destinations.get(id) ?? this.#open(id, host, state);
        destinations.set(id, known);
        return known;
      },
      close: async () => {},
    };
    const starter: RunStarter = {
      start: (id) => host.call('start', async () => this.engine.start('run', id, { runId: id })),
      isGoing: (id) => host.call('isGoing', async () => this.engine.status(id) === 'running'),
      whyEnded: (id) => host.call('whyEnded', async () => this.engine.whyEnded(id)),
    };
    return { host, services, starter };
  }

  #open(id: string, host: MortalHost, state: StateStore): Destination {
    if (id === 'records')
      return this.records.open(id, (sink) =>
        host.port('records', { store: this.#guarded(id, sink.store) }, ['store']),
      );
    const plain = this.files.open();
    const store = host.port('files', plain, ['stat', 'remove', 'fixed', 'sweep'], ['read', 'list']);
    store.begin = async (key) => {
      this.sky.meetDestination(id);
      const begun = await host.call('files.begin', () => plain.begin(key));
      return host.port('attempt', begun, ['write', 'put', 'discard']);
    };
    return openFileDestination({
      id,
      name: id,
      settings: { conflictHandling: 'Overwrite', extension: 'guide' },
      state,
      store,
      log: silentLog,
      now: () => new Date(this.time.now),
    });
  }

  #guarded<A extends unknown[], R>(id: string, work: (...given: A) => Promise<R>) {
    return async (...given: A): Promise<R> => {
      this.sky.meetDestination(id);
      return work(...given);
    };
  }
}

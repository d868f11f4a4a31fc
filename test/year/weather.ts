import { Failure } from '../../shared/errors.ts';
import type { Random } from '../appliance/random.ts';
import type { Trouble } from './model-appliance.ts';
import type { VirtualTime } from './virtual-time.ts';

const HOUR = 3_600_000;

export interface WeatherOptions {
  /** True time: from then on the sky is clear. */
  readonly until: number;
  /** How long one kind of weather lasts, on average, milliseconds. */
  readonly lasts: number;
}

type Kind = keyof typeof kinds;

/** Likelihood of trouble at a request, of a death at a call, and what is away altogether. */
const kinds = {
  clear: { trouble: 0, death: 0 },
  usual: { trouble: 0.01, death: 1 / 4000 },
  poor: { trouble: 0.25, death: 1 / 600 },
  storm: { trouble: 0.6, death: 1 / 100 },
  deaths: { trouble: 0, death: 1 / 60 },
  'appliance down': { trouble: 1, death: 1 / 4000 },
  'files down': { trouble: 0.01, death: 1 / 4000, away: 'files' },
  'records down': { trouble: 0.01, death: 1 / 4000, away: 'records' },
} as const satisfies Record<string, { trouble: number; death: number; away?: string }>;

const sky: readonly [Kind, ...Kind[]] = [
  'clear',
  'usual',
  'usual',
  'usual',
  'poor',
  'storm',
  'deaths',
  'appliance down',
  'files down',
  'records down',
];

const refusals: readonly [() => Failure, ...(() => Failure)[]] = [
  () => new Failure('transient', 'unreachable', 'Site cannot be reached.'),
  () => new Failure('transient', 'connection-lost', 'Site lost the connection.'),
  () => new Failure('transient', 'appliance-unavailable', 'Site answered 503.'),
  () => new Failure('transient', 'unexpected-status', 'Site answered 500.'),
  () => new Failure('transient', 'unexpected-document', 'Site sent a document that nobody asked for.'),
  () => new Failure('transient', 'too-many-requests', 'Site asks for a pause.', { retryAfterMs: 2_000 }),
  () =>
    new Failure('transient', 'too-many-requests', 'Site asks for a long pause.', { retryAfterMs: 120_000 }),
  () => new Failure('terminal', 'wrong-secret', 'Site refused the API account.'),
  () => new Failure('terminal', 'no-permission', 'Site does not allow that.'),
];

/** What goes wrong, and when. */
export interface Sky {
  /** Messages come twice more often then. */
  readonly isRough: boolean;
  /** Of a request to the appliance; time may pass meanwhile. */
  meet(request: string): Trouble | undefined;
  /** Throws what a destination that is away throws. */
  meetDestination(id: string): void;
  /** Whether a host dies at this call: port and method, or `activity` and its name. */
  death(call: string): boolean;
}

/** What goes wrong when, by a seed. */
export class Weather implements Sky {
  readonly #random: Random;
  readonly #time: VirtualTime;
  readonly #options: WeatherOptions;
  #kind: Kind = 'clear';
  #changes: number;
  /** How often each trouble was met. */
  readonly met = new Map<string, number>();

  constructor(random: Random, time: VirtualTime, options: WeatherOptions) {
    this.#random = random;
    this.#time = time;
    this.#options = options;
    this.#changes = time.now + HOUR;
  }

  get kind(): Kind {
    if (this.#time.now >= this.#options.until) return 'clear';
    if (this.#time.now >= this.#changes) {
      this.#kind = this.#random.pick(sky);
      this.#changes = this.#time.now + this.#options.lasts * (0.2 + 1.6 * this.#random.unit());
    }
    return this.#kind;
  }

  get isRough(): boolean {
    return this.kind === 'storm' || this.kind === 'deaths';
  }

  /** A request to the appliance: it takes a moment, and may go wrong. */
  meet(request: string): Trouble | undefined {
    this.#time.now += 20 + this.#random.int(400);
    const { trouble } = kinds[this.kind];
    if (!this.#random.chance(trouble)) return undefined;
    if (trouble < 1 && request !== 'info' && request !== 'listing' && this.#random.chance(0.4)) {
      const told = this.#random.chance(0.5);
      this.#note(told ? 'cut' : 'cut in silence');
      return { kind: 'cut', told, after: 0.1 + 0.8 * this.#random.unit() };
    }
    const failure = trouble === 1 ? refusals[0]() : this.#random.pick(refusals)();
    this.#note(failure.code);
    return { kind: 'refused', failure };
  }

  meetDestination(id: string): void {
    const { away } = kinds[this.kind] as { away?: string };
    if (away !== id) return;
    this.#note(`${id} down`);
    throw this.#random.chance(0.5)
      ? new Failure('terminal', 'no-access', `Destination ${id} cannot be written to.`)
      : new Failure('transient', 'destination-unavailable', `Destination ${id} cannot be reached.`);
  }

  death(): boolean {
    return this.#random.chance(kinds[this.kind].death);
  }

  #note(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }
}

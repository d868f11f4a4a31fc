/** A moment in the life of the child process at which it kills itself. */
export interface Cut {
  /** Port and method, as `state.batch`; of a body, what it came from or goes to. */
  readonly call: string;
  /** The how-manieth of this call, from 1, counted from the start of the program. */
  readonly number: number;
  readonly when: 'before' | 'after' | 'middle';
}

/** How often each call was made, and for how many of them a body began to flow. */
export interface Counted {
  readonly calls: Readonly<Record<string, number>>;
  readonly bodies: Readonly<Record<string, number>>;
}

export function cutName({ call, number, when }: Cut): string {
  return `${when} ${call} #${number}`;
}

/** Every moment there is. */
export function allCuts({ calls, bodies }: Counted): Cut[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  return [
    ...Object.entries(calls).flatMap(([call, count]) =>
      numbers(count).flatMap((number): Cut[] => [
        { call, number, when: 'before' },
        { call, number, when: 'after' },
      ]),
    ),
    ...Object.entries(bodies).flatMap(([call, count]) =>
      numbers(count).map((number): Cut => ({ call, number, when: 'middle' })),
    ),
  ];
}

/** Calls that change nothing: a cut beside one leaves what a cut beside its neighbour leaves. */
const looks = new Set(['state.get', 'state.list', 'files.find', 'staging.read', 'staging.list']);

/** One of each kind (call and when). */
export function oneOfEachKind(all: readonly Cut[], random: () => number): Cut[] {
  const kinds = Object.values(Object.groupBy(all, ({ call, when }) => `${when} ${call}`));
  return kinds.flatMap((kind) => kind?.[Math.floor(random() * kind.length)] ?? []);
}

/** Some of those that change something or are in the middle of something, spread evenly over the kinds and the run. */
export function someCuts(all: readonly Cut[], count: number, random: () => number): Cut[] {
  const from = all.filter(({ call, when }) => when === 'middle' || !looks.has(call));
  const offset = random();
  return from.length <= count
    ? from
    : Array.from({ length: count }, (_, index) =>
        Math.floor(((index + offset) * from.length) / count),
      ).flatMap((place) => from[place] ?? []);
}

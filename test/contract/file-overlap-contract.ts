import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Destination } from '../../shared/destinations/destination.ts';
import type { ConflictHandling } from '../../shared/destinations/file/conflict.ts';
import { Failure } from '../../shared/errors.ts';
import { Interruption } from '../support/interruption.ts';
import { type FilePlace, itemOf, type Outcome, openAt, storeIn, versionOf } from './file-place.ts';
import { assertSound, catalogOf } from './file-scenarios.ts';

type Run = (destination: Destination) => Promise<Outcome>;

/** Two processes that do this at the same moment. */
interface Overlap {
  readonly title: string;
  readonly handling: ConflictHandling;
  setUp?(place: FilePlace): Promise<unknown>;
  readonly one: Run;
  readonly two: Run;
  /** What must hold when both are done. */
  check(place: FilePlace): Promise<void>;
}

const recording =
  (key: string, lsid: string, content = `bytes of ${key}`): Run =>
  (destination) =>
    storeIn(destination, itemOf(key, lsid), content);
const session =
  (hash: string, readAt: number): Run =>
  (destination) =>
    storeIn(destination, itemOf('s', '7', versionOf(hash, readAt)), `content ${hash}`);

const contents = async (place: FilePlace) => [...(await place.list()).values()].sort();
const states = async (place: FilePlace) =>
  (await catalogOf(place)).map(({ key, state }) => `${key} ${state}`);
const newestIs = (hash: string) => async (place: FilePlace) => {
  const [row] = await catalogOf(place);
  assert.deepEqual([row?.state, row?.version?.hash], ['stored', hash]);
  assert.equal((await place.list()).get(row?.name ?? ''), `content ${hash}`);
};
const oneFile = async (place: FilePlace) => {
  assert.deepEqual(await states(place), ['a stored']);
  assert.equal((await place.list()).size, 1);
};
const old = (handling: ConflictHandling) => (place: FilePlace) =>
  session('old', 10)(openAt(place, { handling }));

export const overlaps: readonly Overlap[] = [
  ...(['AppendNumber', 'Overwrite', 'Skip'] as const).flatMap((handling): Overlap[] => [
    {
      title: `one item twice, the same bytes, ${handling}`,
      handling,
      one: recording('a', '1'),
      two: recording('a', '1'),
      check: oneFile,
    },
    {
      title: `one item twice, bytes that differ, ${handling}`,
      handling,
      one: recording('a', '1', 'some bytes'),
      two: recording('a', '1', 'other bytes, more of them'),
      check: oneFile,
    },
  ]),
  {
    title: 'two versions, the newer one first, Overwrite',
    handling: 'Overwrite',
    setUp: old('Overwrite'),
    one: session('newer', 30),
    two: session('new', 20),
    check: async (place) => {
      await newestIs('newer')(place);
      assert.deepEqual(await contents(place), ['content newer']);
    },
  },
  {
    title: 'two versions, the older one first, Overwrite',
    handling: 'Overwrite',
    setUp: old('Overwrite'),
    one: session('new', 20),
    two: session('newer', 30),
    check: async (place) => {
      await newestIs('newer')(place);
      assert.deepEqual(await contents(place), ['content newer']);
    },
  },
  {
    title: 'two versions, the older one first, whose first attempt died before its file was there, Overwrite',
    handling: 'Overwrite',
    setUp: async (place) => {
      await old('Overwrite')(place);
      const interruption = new Interruption('die', 'attempt.put');
      void session('new', 20)(openAt(place, { handling: 'Overwrite', interruption }));
      await interruption.reached;
      await interruption.bury();
    },
    one: session('new', 20),
    two: session('newer', 30),
    check: newestIs('newer'),
  },
  {
    title: 'two first versions, Overwrite',
    handling: 'Overwrite',
    one: session('new', 20),
    two: session('newer', 30),
    check: newestIs('newer'),
  },
  {
    title: 'two versions, the older one first, AppendNumber',
    handling: 'AppendNumber',
    setUp: old('AppendNumber'),
    one: session('new', 20),
    two: session('newer', 30),
    check: newestIs('newer'),
  },
  {
    title: 'two versions, the newer one first, AppendNumber',
    handling: 'AppendNumber',
    setUp: old('AppendNumber'),
    one: session('newer', 30),
    two: session('new', 20),
    check: newestIs('newer'),
  },
  {
    title: 'two items of one name, AppendNumber',
    handling: 'AppendNumber',
    one: recording('a', '1'),
    two: recording('b', '1'),
    check: async (place) => {
      assert.deepEqual(await states(place), ['a stored', 'b stored']);
      assert.deepEqual([...(await place.list()).keys()].sort(), ['1.1.flv', '1.flv']);
    },
  },
  {
    title: 'two items of one name, Overwrite',
    handling: 'Overwrite',
    one: recording('a', '1'),
    two: recording('b', '1'),
    check: async (place) => {
      assert.equal((await place.list()).size, 1);
      const told = (await states(place)).join();
      assert.ok(told === 'a stored,b replaced' || told === 'a replaced,b stored', told);
    },
  },
  {
    title: "two items overwrite a third one's file",
    handling: 'Overwrite',
    setUp: (place) => recording('c', '1')(openAt(place, { handling: 'Overwrite' })),
    one: recording('a', '1'),
    two: recording('b', '1'),
    check: async (place) => {
      assert.equal((await place.list()).size, 1);
      const told = (await states(place)).join();
      assert.ok(/^(a stored,b replaced|a replaced,b stored),c replaced$/.test(told), told);
    },
  },
  {
    title: 'two items of one name, Skip',
    handling: 'Skip',
    one: recording('a', '1'),
    two: recording('b', '1'),
    check: async (place) => {
      assert.equal((await place.list()).size, 1);
      const told = (await states(place)).join();
      assert.ok(told === 'a stored,b skipped' || told === 'a skipped,b stored', told);
    },
  },
];

/** The first run stops at each of its calls while the second is done from start to end. */
export function describeOverlapContract(
  name: string,
  make: () => Promise<FilePlace>,
  options: { readonly both?: RegExp; readonly titles?: RegExp } = {},
): void {
  describe(`two runs at once, at any call: ${name}`, () => {
    for (const overlap of overlaps.filter(({ title }) => options.titles?.test(title) ?? true)) {
      test(overlap.title, async () => {
        for (let one = 1; await interleave(make, overlap, one, 0); one++);
        if (options.both?.test(overlap.title) !== true) return;
        // And the second stops too, lets the first end, and goes on.
        for (let one = 1; await interleave(make, overlap, one, 1); one++) {
          for (let two = 2; await interleave(make, overlap, one, two); two++);
        }
      });
    }
  });
}

/** False when the first or the second has not so many calls. */
async function interleave(
  make: () => Promise<FilePlace>,
  overlap: Overlap,
  one: number,
  two: number,
): Promise<boolean> {
  const place = await make();
  const { handling } = overlap;
  const [first, second] = [new Interruption('pause', one), new Interruption('pause', two)];
  try {
    await overlap.setUp?.(place);
    const runOne = again(place, overlap.one, handling, first);
    const ended = await Promise.race([runOne.then(() => true), first.reached.then(() => false)]);
    if (ended) return false;
    const runTwo = again(place, overlap.two, handling, second);
    const secondEnded = await Promise.race([runTwo.then(() => true), second.reached.then(() => false)]);
    first.resume();
    await runOne;
    second.resume();
    await runTwo;
    const told = `the first paused before ${first.calls.at(one - 1)} (${one}), the second before call ${two}`;
    try {
      await overlap.check(place);
      await assertSound(place);
    } catch (error) {
      throw new Error(`${told}: ${String(error)}`, { cause: error });
    }
    return two === 0 || !secondEnded;
  } finally {
    first.resume();
    second.resume();
    await place.end();
  }
}

/** Runs to the end as a transfer does: what fails as transient is done again, by a process that is not interrupted. */
async function again(
  place: FilePlace,
  run: Run,
  handling: ConflictHandling,
  interruption: Interruption,
): Promise<Outcome> {
  try {
    return await run(openAt(place, { handling, interruption }));
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'transient') throw error;
  }
  return run(openAt(place, { handling }));
}

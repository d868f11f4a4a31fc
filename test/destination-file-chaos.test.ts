import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { conflictHandlings } from '../shared/destinations/file/conflict.ts';
import { Failure } from '../shared/errors.ts';
import { type FilePlace, itemOf, openAt, storeIn, versionOf } from './contract/file-place.ts';
import { assertSound, catalogOf } from './contract/file-scenarios.ts';
import { memoryPlace } from './support/file-places.ts';
import { Turns } from './support/turns.ts';

interface Job {
  readonly key: 'a' | 'b' | 's';
  readonly content: number;
  /** Dies after so many calls. */
  readonly life: number;
}

const job: fc.Arbitrary<Job> = fc.record({
  key: fc.constantFrom('a', 'b', 's', 's'),
  content: fc.integer({ min: 1, max: 4 }),
  life: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 30 })),
});

/** `a` and `b` never change and have one name; `s` has versions, read at the time that is their content. */
function start(
  place: FilePlace,
  { key, content }: Job,
  handling: 'AppendNumber' | 'Overwrite' | 'Skip',
  turns?: Turns,
) {
  const seen =
    turns === undefined
      ? place
      : { ...place, state: turns.state(place.state), openStore: () => turns.store(place.openStore()) };
  const item = key === 's' ? itemOf('s', 's', versionOf(`h${content}`, content)) : itemOf(key, 'one');
  return storeIn(openAt(seen, { handling }), item, `content ${content}`);
}

test('runs in any order, doubled and cut off anywhere, end in a store and a catalog that agree', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...conflictHandlings),
      fc.array(job, { minLength: 2, maxLength: 5 }),
      fc.infiniteStream(fc.nat({ max: 1_000 })),
      async (handling, jobs, choices) => {
        const place = await memoryPlace();
        try {
          const runs = jobs.map((one) => {
            const turns = new Turns(one.life);
            const done = start(place, one, handling, turns).then(
              () => undefined,
              (error: unknown) => {
                if (!(error instanceof Failure) || error.kind !== 'transient') throw error;
              },
            );
            const run = { turns, ended: false, done: Promise.race([done, turns.died]) };
            void run.done.finally(() => {
              run.ended = true;
            });
            return run;
          });
          while (runs.some((run) => !run.ended)) {
            await setImmediate();
            const waiting = runs.filter((run) => run.turns.waiting);
            const chosen = waiting[(choices.next().value ?? 0) % Math.max(waiting.length, 1)];
            chosen?.turns.go();
          }
          await Promise.all(runs.map((run) => run.done));
          // Whoever was cut off is done again, as the next run of a schedule does.
          for (const one of [...jobs, ...jobs]) await start(place, one, handling);
          await assertSound(place);
          await expectComplete(place, jobs, handling);
        } finally {
          await place.end();
        }
      },
    ),
    { numRuns: 300 },
  );
});

async function expectComplete(place: FilePlace, jobs: readonly Job[], handling: string): Promise<void> {
  const rows = new Map((await catalogOf(place)).map((row) => [row.key, row]));
  const files = await place.list();
  for (const key of new Set(jobs.map((one) => one.key))) {
    const row = rows.get(key);
    const mine = jobs.filter((one) => one.key === key).map((one) => one.content);
    if (key !== 's' && handling === 'AppendNumber') assert.equal(row?.state, 'stored');
    if (row?.state === 'stored')
      assert.ok(mine.some((content) => files.get(row.name) === `content ${content}`));
    if (key === 's' && handling !== 'Skip') {
      const newest = Math.max(...mine);
      assert.deepEqual([row?.state, row?.version?.readAt], ['stored', newest]);
      assert.equal(files.get(row?.name ?? ''), `content ${newest}`);
    }
  }
  const [a, b] = [rows.get('a'), rows.get('b')];
  const stored = [a, b].filter((row) => row?.state === 'stored').length;
  const expected = Number(a !== undefined) + Number(b !== undefined);
  assert.equal(stored, handling === 'AppendNumber' ? expected : Math.min(expected, 1));
}

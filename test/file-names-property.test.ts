import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileItem, FileNameValues } from '../shared/destinations/destination.ts';
import { type ConflictHandling, conflictHandlings } from '../shared/destinations/file/conflict.ts';
import { Failure } from '../shared/errors.ts';
import { type FilePlace, itemOf, type OpenOptions, openAt, storeIn } from './contract/file-place.ts';
import { assertSound } from './contract/file-scenarios.ts';
import { seal, verifyPlace } from './support/evidence.ts';
import { folderPlace, memoryPlace } from './support/file-places.ts';
import { Interruption } from './support/interruption.ts';

/**
 * What the guide says of File Name Format and File Name Conflict Handling, and the design of versions, written down a
 * second time and as simply as can be: no catalog, no reservations, nothing is ever cut off.
 */
class Guide {
  readonly files = new Map<string, string>();
  readonly #items = new Map<string, { name: string; hash: string; readAt: number; lost: boolean }>();
  readonly #handling: ConflictHandling;

  constructor(handling: ConflictHandling) {
    this.#handling = handling;
  }

  store(key: string, name: string, hash: string, readAt: number, changes: boolean): string {
    const known = this.#items.get(key);
    if (known !== undefined) {
      if (!changes) return 'unchanged';
      if (known.hash === hash) {
        known.readAt = Math.max(known.readAt, readAt);
        return 'unchanged';
      }
      if (readAt < known.readAt) return 'older';
      if (this.#handling === 'Skip') return 'skipped';
    }
    const wanted = known !== undefined && this.#handling === 'Overwrite' ? known.name : name;
    if (this.#handling === 'Skip' && this.files.has(wanted)) return 'skipped';
    const free = this.#handling === 'AppendNumber' ? this.#unique(wanted) : wanted;
    for (const [other, item] of this.#items) if (other !== key && item.name === free) item.lost = true;
    this.files.set(free, hash);
    this.#items.set(key, { name: free, hash, readAt, lost: false });
    return 'stored';
  }

  #unique(name: string): string {
    for (let number = 0; ; number++) {
      const parts = /^(.*\/)?([^/]*?)(\.[^./]*)?$/.exec(name);
      const [, folder = '', stem = '', extension = ''] = parts ?? [];
      const candidate = number === 0 ? name : `${folder}${stem}.${number}${extension}`;
      if (!this.files.has(candidate)) return candidate;
    }
  }
}

const formats = [
  '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.%EXTENSION%',
  '%LSID%',
  'sites/%SUPPORT_SITE_HOST%/%EXTERNAL_KEY%.%INSTANCE%.%EXTENSION%',
  '%LSEQ%_%LSID%.x.%EXTENSION%',
] as const;

/** As the guide has it: each value in the place of its name; an empty one has a defined form. */
const render = (format: string, values: FileNameValues): string =>
  format.replaceAll(/%([A-Z_]+)%/g, (_, name: keyof FileNameValues) => values[name] || 'none');

interface Store {
  readonly key: number;
  readonly hash: number;
  readonly readAt: number;
  /** Calls after which the process dies, one for each attempt before the one that goes through. */
  readonly deaths: readonly (readonly [number, 'before' | 'after'])[];
}

const store: fc.Arbitrary<Store> = fc.record({
  key: fc.nat({ max: 6 }),
  hash: fc.nat({ max: 2 }),
  readAt: fc.nat({ max: 8 }),
  deaths: fc.array(
    fc.tuple(fc.integer({ min: 1, max: 18 }), fc.constantFrom('before' as const, 'after' as const)),
    {
      maxLength: 2,
    },
  ),
});

/** Seven items: the even ones never change, the odd ones are sessions; several share a name. */
function itemAt(key: number, { hash, readAt }: Pick<Store, 'hash' | 'readAt'>): FileItem {
  const { version: _, ...item } = itemOf(`item ${key}`);
  const values: FileNameValues = {
    LSID: `id${key % 3}`,
    LSEQ: `${key % 2}`,
    EXTERNAL_KEY: key % 3 === 0 ? '' : 'k',
    SESSION_TYPE: 'support',
    SUPPORT_SITE_HOST: 'h.example.com',
    INSTANCE: key < 4 ? '' : '1',
    EXTENSION: 'flv',
  };
  const changes = key % 2 === 1;
  return {
    ...item,
    run: 'r',
    values,
    ...(changes ? { version: { hash: `c${hash}`, closed: true, readAt } } : {}),
  };
}

async function attempt(
  place: FilePlace,
  options: OpenOptions,
  item: FileItem,
  content: string,
  [at, when]: readonly [number, 'before' | 'after'],
): Promise<Interruption> {
  const interruption = new Interruption('die', at, when);
  const run = storeIn(openAt(place, { ...options, interruption }), item, content).catch((error: unknown) => {
    // Skip, where the name was taken meanwhile: the repeat says so.
    if (!(error instanceof Failure)) throw error;
  });
  await Promise.race([run, interruption.reached]);
  return interruption;
}

for (const [where, make, numRuns] of [
  ['memory', memoryPlace, 150],
  ['folder', folderPlace, 8],
] as const)
  test(`any stores, repeats and deaths end with the names the guide gives: ${where}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...conflictHandlings),
        fc.constantFrom(...formats),
        fc.array(store, { maxLength: 14 }),
        fc.boolean(),
        async (handling, format, steps, strange) => {
          const place = await make();
          const dead: Interruption[] = [];
          try {
            const guide = new Guide(handling);
            const options = { handling, format };
            const planted: string[] = [];
            if (strange) {
              const name = render(format, itemAt(0, { hash: 0, readAt: 0 }).values);
              planted.push(name);
              await place.plant(name, 'strange');
              guide.files.set(name, 'strange');
            }
            const seen = new Map<string, number>();
            for (const step of steps) {
              // Two readings of one moment that differ are not told apart by time: they do not come about here.
              const moment = `${step.key} ${step.readAt}`;
              const hash = seen.get(moment) ?? step.hash;
              seen.set(moment, hash);
              const item = itemAt(step.key, { hash, readAt: step.readAt });
              const content = `content ${hash}`;
              for (const death of step.deaths) dead.push(await attempt(place, options, item, content, death));
              const outcome = await storeIn(openAt(place, options), item, content);
              const name = render(format, item.values);
              const expected = guide.store(item.key, name, content, step.readAt, item.version !== undefined);
              // What an attempt that died has stored its repeat finds done.
              const same = outcome.status === 'unchanged' && expected === 'stored' && step.deaths.length > 0;
              if (!same) assert.equal(outcome.status, expected);
              assert.deepEqual([...(await place.list())].sort(), [...guide.files].sort());
            }
            await assertSound(place, planted);
            await seal(openAt(place, options), 'r');
            const left = planted.filter((name) => guide.files.get(name) === 'strange');
            assert.deepEqual(
              (await verifyPlace(place)).told,
              left.map((name) => `extra ${name}`),
            );
          } finally {
            for (const one of dead) await one.bury();
            await place.end();
          }
        },
      ),
      { numRuns },
    );
  });

const shells = ['0', '1', '2'].flatMap((instance) =>
  ['flv', 'txt'].map((extension) => ({ key: `shell ${instance} ${extension}`, instance, extension })),
);
for (const handling of conflictHandlings)
  test(`three shells of one session, video and text: all distinct with ${handling}`, async () => {
    const place = await memoryPlace();
    for (const { key, instance, extension } of shells) {
      const { values, ...item } = itemOf(key, '1234');
      const destination = openAt(place, { handling, format: '%LSID%.%INSTANCE%.%EXTENSION%' });
      const shell = { ...item, values: { ...values, INSTANCE: instance, EXTENSION: extension } };
      for (const status of ['stored', 'unchanged'])
        assert.equal((await storeIn(destination, shell, key)).status, status);
    }
    assert.deepEqual(
      Object.fromEntries(await place.list()),
      Object.fromEntries(
        shells.map(({ key, instance, extension }) => [`1234.${instance}.${extension}`, key]),
      ),
    );
    await place.end();
  });

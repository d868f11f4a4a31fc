import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConflictHandling, conflictHandlings } from '../shared/destinations/file/conflict.ts';
import { type FilePlace, itemOf, openAt, storeIn } from './contract/file-place.ts';
import { assertSound, catalogOf } from './contract/file-scenarios.ts';
import { folderPlace, memoryPlace } from './support/file-places.ts';

/** What the guide says of File Name Conflict Handling, written down a second time and as simply as can be. */
class Guide {
  readonly files = new Map<string, string>();
  readonly items = new Map<string, string>();
  readonly names = new Map<string, string>();

  store(key: string, name: string, content: string, handling: ConflictHandling): string {
    const known = this.items.get(key);
    if (known === 'stored' || known === 'replaced') return 'unchanged';
    let free = name;
    const dot = name.lastIndexOf('.');
    const stem = dot > 0 ? name.slice(0, dot) : name;
    const rest = dot > 0 ? name.slice(dot) : '';
    if (this.files.has(name)) {
      if (handling === 'Skip') {
        this.items.set(key, 'skipped');
        return 'skipped';
      }
      if (handling === 'Overwrite') {
        for (const [other, state] of this.items)
          if (state === 'stored' && this.names.get(other) === name) this.items.set(other, 'replaced');
      } else for (let n = 1; this.files.has(free); n++) free = `${stem}.${n}${rest}`;
    }
    this.files.set(free, content);
    this.items.set(key, 'stored');
    this.names.set(key, free);
    return 'stored';
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('store' as const), key: fc.nat({ max: 11 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plant' as const),
      name: fc.constantFrom('a.flv', 'a.1.flv', 'b', 'b.2', 'c.x.1.flv'),
    }),
  },
);
const names = ['a.flv', 'b', 'c.x.flv', 'a.1.flv'];

for (const [where, make, numRuns] of [
  ['memory', memoryPlace, 150],
  ['folder', folderPlace, 10],
] as const) {
  test(`any items, names and strange files, in any order, do what the guide says: ${where}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...conflictHandlings),
        fc.array(step, { maxLength: 25 }),
        async (handling, steps) => {
          const place: FilePlace = await make();
          try {
            const guide = new Guide();
            const planted: string[] = [];
            const destination = openAt(place, { handling, format: '%LSID%' });
            for (const [i, one] of steps.entries()) {
              if (one.do === 'plant') {
                if (guide.files.has(one.name)) continue;
                guide.files.set(one.name, 'strange');
                planted.push(one.name);
                await place.plant(one.name, 'strange');
                continue;
              }
              // An item keeps its name, as its values do.
              const name = names[one.key % names.length] ?? '';
              const key = `item ${one.key}`;
              const outcome = await storeIn(destination, itemOf(key, name), `content ${i}`);
              assert.equal(outcome.status, guide.store(key, name, `content ${i}`, handling));
            }
            assert.deepEqual([...(await place.list())].sort(), [...guide.files].sort());
            assert.deepEqual(
              (await catalogOf(place)).map((row) => [row.key, row.state]),
              [...guide.items].sort(([a], [b]) => (a < b ? -1 : 1)),
            );
            await assertSound(place, planted);
          } finally {
            await place.end();
          }
        },
      ),
      { numRuns },
    );
  });
}

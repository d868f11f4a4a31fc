import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Entry, Operation, StateStore } from '../../shared/state/state-store.ts';
import { StateConflict, stateKey } from '../../shared/state/state-store.ts';

/** What every state adapter must do. `open` gives a second handle on the same, empty, place each time. */
export function describeStateContract(name: string, open: () => Promise<StateStore>): void {
  describe(`state contract: ${name}`, () => {
    let state: StateStore;
    let other: StateStore;
    let turn = 0;
    /** A partition of its own for each test. */
    const fresh = () => `p${++turn}`;
    before(async () => {
      state = await open();
      other = await open();
    });
    after(async () => {
      await state?.close();
      await other?.close();
    });

    const all = async (partition: string, limit?: number): Promise<Entry<unknown>[]> => {
      const entries: Entry<unknown>[] = [];
      let from: string | undefined;
      do {
        const page = await state.list('catalog', partition, {
          ...(from === undefined ? {} : { from }),
          ...(limit === undefined ? {} : { limit }),
        });
        if (limit !== undefined) assert.ok(page.entries.length <= limit);
        entries.push(...page.entries);
        from = page.next;
      } while (from !== undefined);
      return entries;
    };
    const conflict = (index: number) => (error: unknown) => {
      assert.ok(error instanceof StateConflict, String(error));
      assert.equal(error.index, index);
      return true;
    };

    test('what was inserted is read, by another handle too; what was not is undefined', async () => {
      const p = fresh();
      const value = { a: 1, b: [true, null, 'x'], c: { d: '' } };
      const etag = await state.insert('catalog', p, 'k', value);
      assert.deepEqual(await other.get('catalog', p, 'k'), { key: 'k', etag, value });
      assert.equal(await state.get('catalog', p, 'K'), undefined);
      assert.equal(await state.get('catalog', `${p}x`, 'k'), undefined);
      assert.equal(await state.get('ledger', p, 'k'), undefined);
    });

    test('a second insert of a key is a conflict and changes nothing', async () => {
      const p = fresh();
      const etag = await state.insert('catalog', p, 'k', 1);
      await assert.rejects(other.insert('catalog', p, 'k', 2), conflict(0));
      assert.deepEqual(await state.get('catalog', p, 'k'), { key: 'k', etag, value: 1 });
    });

    test('update needs the ETag of the last write, and gives a new one', async () => {
      const p = fresh();
      const first = await state.insert('catalog', p, 'k', 1);
      const second = await other.update('catalog', p, 'k', 2, first);
      assert.notEqual(second, first);
      await assert.rejects(state.update('catalog', p, 'k', 3, first), conflict(0));
      assert.equal((await state.get('catalog', p, 'k'))?.value, 2);
      await state.update('catalog', p, 'k', 4, second);
      await assert.rejects(state.update('catalog', p, 'absent', 1, second), conflict(0));
    });

    test('an ETag does not come back when a key is removed and inserted again, even with the same value', async () => {
      const p = fresh();
      const first = await state.insert('catalog', p, 'k', 1);
      await state.remove('catalog', p, 'k');
      await state.insert('catalog', p, 'k', 1);
      await assert.rejects(state.update('catalog', p, 'k', 2, first), conflict(0));
      await assert.rejects(state.remove('catalog', p, 'k', first), conflict(0));
    });

    test('put inserts and replaces whatever was there, and its ETag holds', async () => {
      const p = fresh();
      const first = await state.put('catalog', p, 'k', { long: 'x'.repeat(70_000) });
      const second = await state.put('catalog', p, 'k', { short: 1 });
      await assert.rejects(state.update('catalog', p, 'k', 3, first), conflict(0));
      assert.deepEqual(await state.get('catalog', p, 'k'), { key: 'k', etag: second, value: { short: 1 } });
    });

    test('remove: absent is fine without an ETag and a conflict with one', async () => {
      const p = fresh();
      await state.remove('catalog', p, 'k');
      const etag = await state.insert('catalog', p, 'k', 1);
      await state.remove('catalog', p, 'k', etag);
      assert.equal(await state.get('catalog', p, 'k'), undefined);
      await assert.rejects(state.remove('catalog', p, 'k', etag), conflict(0));
    });

    test('listing is in order of character code, from inclusive, before exclusive, in pages', async () => {
      const p = fresh();
      const keys = [
        '!',
        '*00',
        '0',
        '10',
        '2',
        'A',
        'A!',
        'AA',
        'A|b',
        'B',
        'Z',
        '_',
        'a',
        'a.b',
        'aB',
        'ab',
        'z',
        '|',
        '~',
      ];
      assert.deepEqual(keys, [...keys].sort());
      for (const key of [...keys].reverse()) await state.insert('catalog', p, key, key);
      for (const limit of [undefined, 1, 2, 7, keys.length, keys.length + 1]) {
        assert.deepEqual(
          (await all(p, limit)).map((entry) => entry.key),
          keys,
          `limit ${limit}`,
        );
      }
      const range = await state.list('catalog', p, { from: 'A', before: 'Z' });
      assert.deepEqual(
        range.entries.map((entry) => entry.key),
        ['A', 'A!', 'AA', 'A|b', 'B'],
      );
      assert.deepEqual((await state.list('catalog', p, { from: 'B', before: 'B' })).entries, []);
      assert.deepEqual((await state.list('catalog', fresh())).entries, []);
      const [entry] = (await state.list<string>('catalog', p, { from: 'ab', limit: 1 })).entries;
      await state.update('catalog', p, 'ab', 'again', entry?.etag ?? '');
    });

    test('more than one full page is listed whole', async () => {
      const p = fresh();
      for (let start = 0; start < 1_050; start += 100) {
        const batch: Operation[] = [];
        for (let i = start; i < Math.min(start + 100, 1_050); i++) {
          batch.push({ op: 'insert', key: `k${String(i).padStart(5, '0')}`, value: i });
        }
        await state.batch('catalog', p, batch);
      }
      const entries = await all(p);
      assert.equal(entries.length, 1_050);
      assert.deepEqual(
        entries.map((entry) => entry.value),
        Array.from({ length: 1_050 }, (_, i) => i),
      );
    });

    test('a batch does all its operations', async () => {
      const p = fresh();
      const [u, r, g] = [
        await state.insert('catalog', p, 'u', 1),
        await state.insert('catalog', p, 'r', 1),
        await state.insert('catalog', p, 'g', 1),
      ];
      await state.insert('catalog', p, 'o', 'old');
      assert.ok(g);
      await state.batch('catalog', p, [
        { op: 'remove', key: 'absent' },
        { op: 'insert', key: 'i', value: 'new' },
        { op: 'update', key: 'u', value: 2, etag: u },
        { op: 'remove', key: 'r', etag: r },
        { op: 'remove', key: 'g' },
        { op: 'put', key: 'o', value: 'over' },
        { op: 'remove', key: 'absent-too' },
        { op: 'put', key: 'n', value: 'made' },
      ]);
      assert.deepEqual(
        (await all(p)).map(({ key, value }) => [key, value]),
        [
          ['i', 'new'],
          ['n', 'made'],
          ['o', 'over'],
          ['u', 2],
        ],
      );
      await state.batch('catalog', p, [{ op: 'remove', key: 'never' }]);
    });

    for (const kind of ['insert', 'update', 'update-absent', 'remove'] as const) {
      for (const index of [0, 1, 3]) {
        test(`a batch with a ${kind} that does not hold at ${index} does nothing and names the index`, async () => {
          const p = fresh();
          const stale = await state.insert('catalog', p, 'x', 'before');
          await state.update('catalog', p, 'x', 'kept', stale);
          const etag = await state.insert('catalog', p, 'gone', 'kept');
          const bad: Operation =
            kind === 'insert'
              ? { op: 'insert', key: 'x', value: 'lost' }
              : kind === 'update'
                ? { op: 'update', key: 'x', value: 'lost', etag: stale }
                : kind === 'update-absent'
                  ? { op: 'update', key: 'y', value: 'lost', etag: stale }
                  : { op: 'remove', key: 'x', etag: stale };
          const operations: Operation[] = [
            { op: 'remove', key: 'gone', etag },
            { op: 'insert', key: 'a', value: 'lost' },
            { op: 'put', key: 'b', value: 'lost' },
          ];
          operations.splice(index, 0, bad);
          await assert.rejects(state.batch('catalog', p, operations), conflict(index));
          assert.deepEqual(
            (await all(p)).map(({ key, value }) => [key, value]),
            [
              ['gone', 'kept'],
              ['x', 'kept'],
            ],
          );
        });
      }
    }

    test('a conflict is named by its index in the batch as given, absent removals before it included', async () => {
      const p = fresh();
      await state.insert('catalog', p, 'x', 1);
      const operations: Operation[] = [
        { op: 'remove', key: 'absent' },
        { op: 'put', key: 'a', value: 1 },
        { op: 'insert', key: 'x', value: 2 },
      ];
      await assert.rejects(state.batch('catalog', p, operations), conflict(2));
      assert.equal(await state.get('catalog', p, 'a'), undefined);
    });

    test('of writers at the same moment with one ETag exactly one wins', async () => {
      const p = fresh();
      const etag = await state.insert('catalog', p, 'k', -1);
      const writers = Array.from({ length: 8 }, (_, i) => [state, other][i % 2] ?? state);
      const results = await Promise.allSettled(writers.map((w, i) => w.update('catalog', p, 'k', i, etag)));
      const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      assert.equal(won.length, 1);
      assert.equal((await state.get('catalog', p, 'k'))?.value, won[0]);
      const inserts = await Promise.allSettled(writers.map((w, i) => w.insert('catalog', p, 'n', i)));
      assert.equal(inserts.filter((result) => result.status === 'fulfilled').length, 1);
      const batches = await Promise.allSettled(
        writers.map((w, i) =>
          w.batch('catalog', p, [
            { op: 'put', key: `b${i}`, value: i },
            { op: 'insert', key: 'once', value: i },
          ]),
        ),
      );
      assert.equal(batches.filter((result) => result.status === 'fulfilled').length, 1);
      assert.equal((await all(p)).filter((entry) => /^b\d$/.test(entry.key)).length, 1);
    });

    test('a counter that everybody raises loses no count', async () => {
      const p = fresh();
      await state.insert('catalog', p, 'n', 0);
      const raise = async (store: StateStore) => {
        for (let done = 0; done < 5; ) {
          const entry = await store.get<number>('catalog', p, 'n');
          try {
            await store.update('catalog', p, 'n', (entry?.value ?? 0) + 1, entry?.etag ?? '');
            done++;
          } catch (error) {
            if (!(error instanceof StateConflict)) throw error;
          }
        }
      };
      await Promise.all([raise(state), raise(other), raise(state)]);
      assert.equal((await state.get('catalog', p, 'n'))?.value, 15);
    });

    test('any text makes a key that works, and texts that differ make keys that differ', async () => {
      const p = fresh();
      const texts = [
        "a/b\\c#d?e'f%g",
        'naïve Größe 日本 💾',
        ' ',
        '|',
        '*',
        '',
        "'",
        'a b',
        '..',
        '\u0000\u007f',
        '"&<>;$()[]{}^`',
      ];
      for (const text of texts) await state.insert('catalog', p, stateKey('i', text), text);
      for (const text of texts)
        assert.equal((await other.get('catalog', p, stateKey('i', text)))?.value, text);
      assert.equal((await all(p)).length, texts.length);
      const odd = stateKey('a|b', "it's");
      await state.batch('catalog', odd, [{ op: 'insert', key: odd, value: 1 }]);
      const etag = (await state.get('catalog', odd, odd))?.etag ?? '';
      await state.batch('catalog', odd, [{ op: 'update', key: odd, value: 2, etag }]);
      assert.equal((await state.list('catalog', odd)).entries[0]?.value, 2);
      const long = 'k'.repeat(512);
      await state.batch('catalog', p, [{ op: 'put', key: long, value: 'long' }]);
      assert.equal((await all(p, 1)).at(-1)?.value ?? '', 'long');
    });

    test('any JSON value comes back equal, alone and in a batch', async () => {
      const p = fresh();
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), fc.string({ unit: 'binary' }), async (json, text) => {
          const value = JSON.parse(JSON.stringify({ json, text }));
          const key = `v${n++}`;
          await state.put('catalog', p, key, value);
          await state.batch('catalog', p, [{ op: 'put', key: `${key}b`, value }]);
          assert.deepEqual((await state.get('catalog', p, key))?.value, value);
          assert.deepEqual((await state.get('catalog', p, `${key}b`))?.value, value);
        }),
        { numRuns: 25 },
      );
    });

    test('big values: up to the limit they come back whole, beyond it they are refused', async () => {
      const p = fresh();
      for (const text of ['x'.repeat(460_798), `a${'💾'.repeat(74_000)}`, `${'é\n"'.repeat(60_000)}`]) {
        await state.put('catalog', p, 'big', text);
        assert.ok((await state.get('catalog', p, 'big'))?.value === text);
      }
      await assert.rejects(state.put('catalog', p, 'big', 'x'.repeat(460_799)), RangeError);
      await assert.rejects(state.put('catalog', p, 'big', '💾'.repeat(76_000)), RangeError);
      const big = 'y'.repeat(400_000);
      const batch = Array.from({ length: 8 }, (_, i): Operation => ({ op: 'put', key: `k${i}`, value: big }));
      await state.batch('catalog', p, batch);
      assert.ok((await state.get('catalog', p, 'k7'))?.value === big);
      await assert.rejects(
        state.batch('catalog', p, [...batch, { op: 'put', key: 'k8', value: big }]),
        RangeError,
      );
      assert.equal(await state.get('catalog', p, 'k8'), undefined);
    });

    test('what a caller may not do is refused before anything is written', async () => {
      const p = fresh();
      const many = Array.from({ length: 101 }, (_, i): Operation => ({ op: 'put', key: `k${i}`, value: 1 }));
      await assert.rejects(state.batch('catalog', p, many), RangeError);
      await assert.rejects(state.batch('catalog', p, []), RangeError);
      await assert.rejects(
        state.batch('catalog', p, [
          { op: 'put', key: 'k', value: 1 },
          { op: 'remove', key: 'k' },
        ]),
        RangeError,
      );
      for (const key of ['', 'a/b', 'ä', 'x'.repeat(513)]) {
        await assert.rejects(state.put('catalog', p, key, 1), RangeError);
        await assert.rejects(state.get('catalog', key, 'k'), RangeError);
      }
      await assert.rejects(state.put('catalog', p, 'k', undefined), RangeError);
      await assert.rejects(state.get('nonsense' as 'catalog', p, 'k'), RangeError);
      assert.deepEqual(await all(p), []);
    });
  });
}

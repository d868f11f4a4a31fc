import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { ByteRange, StoredFile } from '../../shared/destinations/destination.ts';
import { readCatalogItem } from '../../shared/destinations/file/catalog.ts';
import { Failure } from '../../shared/errors.ts';
import { manifestsIn, seal, verify } from '../support/evidence.ts';
import {
  contentOf,
  destinationId,
  type FilePlace,
  itemOf,
  openAt,
  sinkOf,
  storeIn,
  versionOf,
} from './file-place.ts';

/** What every destination with a file sink must do. `make` gives an empty place. */
export function describeDestinationContract(name: string, make: () => Promise<FilePlace>): void {
  describe(`destination contract: ${name}`, () => {
    const inPlace = (title: string, body: (place: FilePlace) => Promise<void>) =>
      test(title, async () => {
        const place = await make();
        try {
          await body(place);
        } finally {
          await place.end();
        }
      });
    const files = async (place: FilePlace) => Object.fromEntries([...(await place.list())].sort());
    const row = (place: FilePlace, key: string) => readCatalogItem(place.state, destinationId, key);

    for (const [what, size] of [
      ['zero bytes', 0],
      ['one byte', 1],
      ['some megabytes', 5 * 1024 * 1024 + 13],
    ] as const) {
      inPlace(`${what}: stored whole under the name, with size and hash in the catalog`, async (place) => {
        const bytes = randomBytes(size);
        const destination = openAt(place);
        const outcome = await storeIn(destination, itemOf('1234'), bytes, 100_000);
        assert.ok(outcome.status === 'stored');
        const { size: length, sha256 } = contentOf(bytes);
        assert.deepEqual(
          { ...outcome.file, storedAt: '' },
          { name: '1234.flv', size: length, sha256, verified: 'length', storedAt: '' },
        );
        assert.match(outcome.file.storedAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        assert.ok(Buffer.from((await place.list()).get('1234.flv') ?? 'x', 'latin1').equals(bytes));
        assert.deepEqual([...(await place.list()).keys()], ['1234.flv']);
        const { tag: _, storedAt: __, ...kept } = (await row(place, '1234')) ?? assert.fail('no row');
        assert.deepEqual(kept, {
          key: '1234',
          stream: 'session-recording',
          siteId: 'site',
          host: 'support.example.com',
          applianceId: 'A-1',
          apiVersion: '1.25.0',
          state: 'stored',
          name: '1234.flv',
          size: length,
          sha256,
          verified: 'length',
        });
        assert.deepEqual(await sinkOf(destination).find('1234'), outcome.file);
        assert.ok(!(await place.unfinished()));
      });
    }

    inPlace(
      'before the commit nothing is visible, and abort leaves nothing, wherever it comes',
      async (place) => {
        const destination = openAt(place);
        const bytes = randomBytes(300_000);
        for (const [i, written] of [0, 1, 150_000, bytes.byteLength].entries()) {
          const begun = await sinkOf(destination).begin(itemOf(`i${i}`));
          assert.ok(begun.status === 'write');
          await begun.write.write(bytes.subarray(0, written));
          assert.deepEqual(await files(place), {});
          assert.equal(await sinkOf(destination).find(`i${i}`), undefined);
          await begun.write.abort();
          await begun.write.abort();
          assert.deepEqual(await files(place), {});
          assert.ok(!(await place.unfinished()));
          await assert.rejects(begun.write.commit(contentOf(bytes)));
        }
        assert.equal((await storeIn(destination, itemOf('i2'), bytes)).status, 'stored');
        assert.deepEqual(Object.keys(await files(place)), ['i2.flv']);
      },
    );

    inPlace(
      'a stored file is given out whole and by ranges, and another in its place is not',
      async (place) => {
        const destination = openAt(place);
        const bytes = randomBytes(700_001);
        const outcome = await storeIn(destination, itemOf('1'), bytes);
        assert.ok(outcome.status === 'stored' && destination.contents);
        const { contents } = destination;
        const read = async (range?: ByteRange) => {
          const parts = [];
          for await (const part of await contents.read(outcome.file, range)) parts.push(part);
          return Buffer.concat(parts);
        };
        assert.ok((await read()).equals(bytes));
        for (const [from, to] of [
          [0, 1],
          [0, 700_001],
          [262_143, 262_145],
          [699_999, 700_001],
          [1, 600_000],
        ] as const)
          assert.ok((await read({ from, to })).equals(bytes.subarray(from, to)), `${from} to ${to}`);
        const refused = (file: Partial<StoredFile>, code: string) =>
          assert.rejects(contents.read({ ...outcome.file, ...file }), (error) => {
            assert.ok(error instanceof Failure);
            assert.deepEqual([error.kind, error.code], ['item', code], error.message);
            return true;
          });
        await refused({ size: 700_000 }, 'file-changed');
        await refused({ name: '2.flv' }, 'file-missing');
      },
    );

    inPlace('content that is not what was announced is not stored', async (place) => {
      const destination = openAt(place);
      const content = contentOf('as announced');
      for (const bytes of ['as announceD', 'as announced and more', 'as', '']) {
        const begun = await sinkOf(destination).begin(itemOf('1'));
        assert.ok(begun.status === 'write');
        await begun.write.write(Buffer.from(bytes));
        await assert.rejects(begun.write.commit(content), (error) => {
          assert.ok(error instanceof Failure);
          assert.deepEqual([error.kind, error.code], ['transient', 'content-mismatch']);
          return true;
        });
      }
      assert.deepEqual(await files(place), {});
      assert.ok(!(await place.unfinished()));
    });

    inPlace('the same item again is not written again, by this process or another', async (place) => {
      const destination = openAt(place);
      const first = await storeIn(destination, itemOf('1'), 'one');
      for (const again of [destination, openAt(place)]) {
        const outcome = await storeIn(again, itemOf('1'), 'other bytes');
        assert.deepEqual(outcome, { status: 'unchanged', file: first.status === 'stored' && first.file });
      }
      assert.deepEqual(await files(place), { '1.flv': 'one' });
      assert.equal(await sinkOf(destination).find('2'), undefined);
    });

    inPlace('it says what became of an item', async (place) => {
      const destination = openAt(place, { handling: 'Skip' });
      const status = (key: string) => sinkOf(destination).statusOf?.(key);
      const running = { hash: 'h1', closed: false, readAt: 1 };
      await storeIn(destination, itemOf('whole'), 'one');
      await storeIn(destination, itemOf('running', 'running', running), 'two');
      await storeIn(destination, itemOf('other', 'whole'), 'three');
      const begun = await sinkOf(destination).begin(itemOf('begun'));
      assert.deepEqual(await Promise.all(['whole', 'running', 'other', 'begun', 'unknown'].map(status)), [
        'stored',
        'not-final',
        'settled',
        undefined,
        undefined,
      ]);
      if (begun.status === 'write') await begun.write.abort();
    });

    inPlace("the guide's example of AppendNumber, name by name", async (place) => {
      const format = '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.%EXTENSION%';
      const destination = openAt(place, { format });
      const names = [];
      for (const key of ['a', 'b', 'c']) {
        const outcome = await storeIn(destination, itemOf(key, '1234'), key);
        names.push(outcome.status === 'stored' && outcome.file.name);
      }
      assert.deepEqual(names, [
        'support.example.com-support-1234.flv',
        'support.example.com-support-1234.1.flv',
        'support.example.com-support-1234.2.flv',
      ]);
      assert.deepEqual(Object.values(await files(place)).sort(), ['a', 'b', 'c']);
    });

    inPlace(
      'AppendNumber takes the smallest number that is free, files it does not know included',
      async (place) => {
        await place.plant('1234.flv', 'was here');
        await place.plant('1234.2.flv', 'was here too');
        const destination = openAt(place);
        for (const key of ['a', 'b']) await storeIn(destination, itemOf(key, '1234'), key);
        assert.deepEqual(await files(place), {
          '1234.1.flv': 'a',
          '1234.2.flv': 'was here too',
          '1234.3.flv': 'b',
          '1234.flv': 'was here',
        });
      },
    );

    inPlace('Overwrite replaces the file, and the item that had it knows', async (place) => {
      await place.plant('1234.flv', 'was here');
      const destination = openAt(place, { handling: 'Overwrite' });
      assert.equal((await storeIn(destination, itemOf('a', '1234'), 'a')).status, 'stored');
      assert.deepEqual(await files(place), { '1234.flv': 'a' });
      assert.equal((await storeIn(destination, itemOf('b', '1234'), 'b')).status, 'stored');
      assert.deepEqual(await files(place), { '1234.flv': 'b' });
      const [a, b] = [await row(place, 'a'), await row(place, 'b')];
      assert.deepEqual([a?.state, a?.replacedBy?.key, b?.state], ['replaced', 'b', 'stored']);
      assert.equal(a?.sha256, contentOf('a').sha256);
      assert.equal(await sinkOf(destination).find('a'), undefined);
      // It does not come back by itself and overwrite in turn.
      assert.equal((await storeIn(destination, itemOf('a', '1234'), 'a')).status, 'unchanged');
      assert.deepEqual(await files(place), { '1234.flv': 'b' });
    });

    inPlace('Skip writes nothing and says so in the catalog, until the name is free', async (place) => {
      await place.plant('1234.flv', 'was here');
      const destination = openAt(place, { handling: 'Skip' });
      for (let turn = 0; turn < 2; turn++) {
        assert.deepEqual(await storeIn(destination, itemOf('a', '1234'), 'a'), {
          status: 'skipped',
          name: '1234.flv',
        });
      }
      assert.equal((await row(place, 'a'))?.state, 'skipped');
      assert.equal((await storeIn(destination, itemOf('b', '5'), 'b')).status, 'stored');
      assert.equal((await storeIn(destination, itemOf('c', '5'), 'c')).status, 'skipped');
      assert.deepEqual(await files(place), { '1234.flv': 'was here', '5.flv': 'b' });
      assert.equal((await storeIn(openAt(place), itemOf('c', '5'), 'c')).status, 'stored');
      assert.deepEqual(await files(place), { '1234.flv': 'was here', '5.1.flv': 'c', '5.flv': 'b' });
    });

    inPlace('names that differ in capitals only count as one', async (place) => {
      const append = openAt(place);
      await storeIn(append, itemOf('a', 'ABC'), 'a');
      await storeIn(append, itemOf('b', 'abc'), 'b');
      assert.deepEqual(await files(place), { 'ABC.flv': 'a', 'abc.1.flv': 'b' });
      await storeIn(openAt(place, { handling: 'Overwrite' }), itemOf('c', 'aBc'), 'c');
      assert.deepEqual(await files(place), { 'ABC.flv': 'c', 'abc.1.flv': 'b' });
      assert.equal(
        (await storeIn(openAt(place, { handling: 'Skip' }), itemOf('d', 'aBC'), 'd')).status,
        'skipped',
      );
    });

    inPlace('folders of the format, and values that try to leave them', async (place) => {
      const destination = openAt(place, { format: '%SESSION_TYPE%/%EXTERNAL_KEY%/%LSID%.%EXTENSION%' });
      const { values, ...rest } = itemOf('a', '1');
      for (const key of ['../../x', 'CON', 'ok', 'ok/../y']) {
        const item = { ...rest, key, values: { ...values, EXTERNAL_KEY: key } };
        assert.equal((await storeIn(destination, item, key)).status, 'stored');
      }
      const names = [...(await place.list()).keys()].sort();
      assert.equal(names.length, 4);
      for (const name of names) assert.match(name, /^support\/[^/]+\/1\.flv$/);
      assert.ok(names.includes('support/ok/1.flv'));
    });

    inPlace(
      'names of 1,024 characters and names that systems reserve: stored and read back',
      async (place) => {
        const destination = openAt(place, { format: '%LSID%/%EXTERNAL_KEY%.%EXTENSION%' });
        const { values, ...rest } = itemOf('x');
        const long = 'n'.repeat(1_024);
        const texts = [
          long,
          `${long.slice(1)}x`,
          'ü'.repeat(1_024),
          '\u{1f600}'.repeat(512),
          ...[
            'CON',
            'nul.txt',
            'COM1',
            'a.',
            ' a ',
            '..',
            '.manifests',
            '.incomplete',
            'a:b',
            'a\u0000b',
            '%2e%2e',
          ],
        ];
        const stored = new Map<string, string>();
        for (const [at, text] of texts.entries())
          for (const [lsid, external] of [
            [text, 'k'],
            ['k', text],
            [text, text],
          ]) {
            const key = `${at} ${lsid === text} ${external === text}`;
            const item = {
              ...rest,
              key,
              values: { ...values, LSID: lsid ?? '', EXTERNAL_KEY: external ?? '' },
            };
            const outcome = await storeIn(destination, item, key);
            assert.ok(outcome.status === 'stored', key);
            stored.set(outcome.file.name, key);
          }
        assert.equal(stored.size, texts.length * 3, 'all names differ');
        assert.deepEqual(await files(place), Object.fromEntries([...stored].sort()));
        for (const name of stored.keys()) {
          assert.doesNotMatch(name, /(^|\/)\./);
          for (const part of name.split('/')) assert.ok(Buffer.byteLength(part) <= 240, name);
        }
        assert.ok(!(await place.unfinished()));
      },
    );

    inPlace(
      'what was stored is journaled, sealed into a manifest, and verified; one flipped byte is named',
      async (place) => {
        for (const [n, bytes] of ['', 'x', 'y'.repeat(200_000)].entries())
          await storeIn(openAt(place), { ...itemOf(`i${n}`), run: 'r' }, bytes);
        await place.plant('folder/strange.txt', 'strange');
        const destination = openAt(place, { linesPerManifest: 2 });
        const { manifests, lines, alarms } = await seal(destination, 'r');
        assert.deepEqual([manifests, lines, alarms], [2, 3, []]);
        assert.deepEqual(
          (await manifestsIn(place)).map(({ head }) => head.sequence),
          [1, 2],
        );
        const whole = await verify(destination);
        assert.deepEqual(
          [whole.told, whole.files, whole.manifests, whole.bytes],
          [['extra folder/strange.txt'], 3, 2, 200_001],
        );
        await place.plant('i2.flv', `${'y'.repeat(100_000)}Y${'y'.repeat(99_999)}`);
        await place.plant('.manifests/archive/0000000001.ndjson', '{}');
        assert.deepEqual((await verify(destination)).told, [
          'changed i2.flv',
          'extra folder/strange.txt',
          'manifest-changed .manifests/archive/0000000001.ndjson',
        ]);
      },
    );

    for (const handling of ['AppendNumber', 'Overwrite', 'Skip'] as const) {
      inPlace(
        `${handling}: equal is unchanged, older is not written, changed is a new version`,
        async (place) => {
          const destination = openAt(place, { handling });
          const take = async (hash: string, readAt: number, closed = true) =>
            (await storeIn(destination, itemOf('s', '7', versionOf(hash, readAt, closed)), `content ${hash}`))
              .status;
          const open = [await take('o', 100, false), await take('o', 90, false), await take('p', 99, false)];
          assert.deepEqual(open, ['stored', 'unchanged', 'older']);
          const changed = handling === 'Skip' ? 'skipped' : 'stored';
          assert.equal(await take('c', 50, true), changed);
          if (handling !== 'Skip') {
            // Closed stays over open, however late the open one was read; read again it counts as of then.
            assert.deepEqual(
              [await take('q', 500, false), await take('c', 60), await take('b', 55)],
              ['older', 'unchanged', 'older'],
            );
          }
          assert.equal(await take('d', 70), changed);
          assert.equal(await take('d', 70), handling === 'Skip' ? 'skipped' : 'unchanged');
          const found = await files(place);
          const item = await row(place, 's');
          assert.equal(item?.state, 'stored');
          if (handling === 'AppendNumber') {
            assert.deepEqual(found, { '7.1.flv': 'content c', '7.2.flv': 'content d', '7.flv': 'content o' });
            assert.deepEqual(
              [
                item?.name,
                item?.version?.hash,
                item?.earlier?.map(({ name, version }) => [name, version?.hash]),
              ],
              [
                '7.2.flv',
                'd',
                [
                  ['7.flv', 'o'],
                  ['7.1.flv', 'c'],
                ],
              ],
            );
            assert.equal(item?.next, undefined);
          } else if (handling === 'Overwrite') {
            assert.deepEqual(found, { '7.flv': 'content d' });
            assert.deepEqual([item?.version?.hash, item?.sha256], ['d', contentOf('content d').sha256]);
          } else {
            assert.deepEqual(found, { '7.flv': 'content o' });
            assert.deepEqual(
              [item?.version?.hash, item?.skippedVersions?.map(({ hash }) => hash)],
              ['o', ['c', 'd']],
            );
          }
          assert.equal(item?.promised, undefined);
        },
      );
    }

    inPlace('one item from two writers at once: both end well, and there is one file', async (place) => {
      const [one, two] = [openAt(place), openAt(place)];
      const bytes = randomBytes(200_000).toString('hex');
      const outcomes = await Promise.all([
        storeIn(one, itemOf('a', '1'), bytes),
        storeIn(two, itemOf('a', '1'), bytes),
        storeIn(one, itemOf('a', '1'), bytes),
      ]);
      assert.ok(outcomes.every(({ status }) => status === 'stored' || status === 'unchanged'));
      assert.deepEqual([...(await place.list()).keys()], ['1.flv']);
      assert.ok(!(await place.unfinished()));
    });

    inPlace('one name for many items at once: every item has a file of its own', async (place) => {
      const destinations = [openAt(place), openAt(place)];
      const keys = Array.from({ length: 8 }, (_, i) => `item ${i}`);
      await Promise.all(
        keys.map((key, i) => storeIn(destinations[i % 2] ?? assert.fail(), itemOf(key, 'x'), key)),
      );
      const found = await place.list();
      assert.deepEqual([...found.values()].sort(), keys);
      assert.deepEqual(
        [...found.keys()].sort(),
        ['x.flv', ...Array.from({ length: 7 }, (_, i) => `x.${i + 1}.flv`)].sort(),
      );
      for (const key of keys) assert.equal(found.get((await row(place, key))?.name ?? ''), key);
    });

    inPlace('a name that something else takes while the file is written', async (place) => {
      for (const [handling, key] of [
        ['AppendNumber', 'a'],
        ['Overwrite', 'b'],
        ['Skip', 'c'],
      ] as const) {
        const begun = await sinkOf(openAt(place, { handling })).begin(itemOf(key));
        assert.ok(begun.status === 'write');
        await begun.write.write(Buffer.from('mine'));
        await place.plant(`${key}.flv`, 'theirs');
        const committing = begun.write.commit(contentOf('mine'));
        if (handling !== 'Skip') await committing;
        else {
          await assert.rejects(committing, (error) => error instanceof Failure && error.kind === 'transient');
          assert.equal((await storeIn(openAt(place, { handling }), itemOf(key), 'mine')).status, 'skipped');
        }
      }
      assert.deepEqual(await files(place), {
        'a.1.flv': 'mine',
        'a.flv': 'theirs',
        'b.flv': 'mine',
        'c.flv': 'theirs',
      });
      assert.equal((await row(place, 'a'))?.name, 'a.1.flv');
      assert.ok(!(await place.unfinished()));
    });

    inPlace('the check writes, reads back and removes', async (place) => {
      const destination = openAt(place);
      await destination.check();
      assert.deepEqual(await files(place), {});
      assert.ok(!(await place.unfinished()));
      await destination.close();
    });
  });
}

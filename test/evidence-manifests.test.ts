import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { openCatalog } from '../shared/destinations/file/catalog.ts';
import { readChain } from '../shared/destinations/file/manifest/chain.ts';
import {
  contentOf,
  destinationId,
  type FilePlace,
  itemOf,
  openAt,
  storeIn,
  versionOf,
} from './contract/file-place.ts';
import { type Manifest, manifestsIn, seal, verifyPlace } from './support/evidence.ts';
import { memoryPlace } from './support/file-places.ts';

async function inPlace(work: (place: FilePlace) => Promise<void>): Promise<void> {
  const place = await memoryPlace();
  try {
    await work(place);
  } finally {
    await place.end();
  }
}

const ofRun = (run: string, key: string, lsid = key, version?: Parameters<typeof itemOf>[2]) => ({
  ...itemOf(key, lsid, version),
  run,
});

async function assertChained(place: FilePlace, manifests: readonly Manifest[]): Promise<void> {
  let previous: unknown = null;
  const store = place.openStore();
  for (const [index, { name, head }] of manifests.entries()) {
    assert.equal(head.sequence, index + 1);
    assert.deepEqual(head.previous, previous);
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.read(name)) chunks.push(chunk);
    previous = { name, sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex') };
  }
  const chain = await readChain(openCatalog(place.state, destinationId));
  assert.deepEqual(chain?.value, { sequence: manifests.length, last: previous });
}

test('a manifest names every file of its run, with what proves it', () =>
  inPlace(async (place) => {
    const destination = openAt(place, { handling: 'Overwrite', now: () => new Date('2026-11-20T10:00:00Z') });
    await storeIn(destination, ofRun('r1', 'a'), 'bytes of a');
    await storeIn(destination, ofRun('r1', 's', '7', versionOf('one', 10)), 'one');
    await storeIn(destination, ofRun('r1', 's', '7', versionOf('two', 20)), 'two!');
    await storeIn(destination, ofRun('r1', 'b', 'a'), 'b over a');
    const sealed = await seal(destination, 'r1');
    assert.deepEqual(sealed, { manifests: 1, lines: 4, pruned: 0, alarms: [], more: false });
    const [manifest] = await manifestsIn(place);
    assert.deepEqual(manifest?.head, {
      manifest: 1,
      destination: 'archive',
      sequence: 1,
      previous: null,
      run: 'r1',
      createdAt: '2026-11-20T10:00:00.000Z',
    });
    const at = '2026-11-20T10:00:00.000Z';
    const later = '2026-11-20T10:00:00.001Z';
    const about = {
      siteId: 'site',
      host: 'support.example.com',
      applianceId: 'A-1',
      apiVersion: '1.25.0',
      run: 'r1',
    };
    const line = (item: string, name: string, bytes: string, when: string, stream: string) => ({
      ...contentOf(bytes),
      ...about,
      at: when,
      storedAt: when,
      item,
      name,
      stream,
    });
    const replaced = (item: string, bytes: string) => {
      const { size, sha256 } = contentOf(bytes);
      return { item, size, sha256, storedAt: at };
    };
    const sorted = <T extends { item: string; size: number }>(lines: readonly T[]) =>
      lines.toSorted((x, y) => (`${x.item}${x.size}` < `${y.item}${y.size}` ? -1 : 1));
    assert.deepEqual(
      sorted(
        manifest.events.map(({ id, ...event }) => {
          assert.match(id, /^journal\|/);
          return event;
        }),
      ),
      sorted([
        { event: 'stored', ...line('a', 'a.flv', 'bytes of a', at, 'session-recording') },
        { event: 'stored', ...line('s', '7.flv', 'one', at, 'session-data') },
        {
          event: 'replaced',
          ...line('s', '7.flv', 'two!', later, 'session-data'),
          replaced: replaced('s', 'one'),
        },
        {
          event: 'replaced',
          ...line('b', 'a.flv', 'b over a', later, 'session-recording'),
          replaced: replaced('a', 'bytes of a'),
        },
      ]),
    );
    const checked = await verifyPlace(place);
    assert.deepEqual([checked.findings, checked.files, checked.manifests], [[], 2, 1]);
    assert.equal(checked.head?.sequence, 1);
  }));

test('manifests are chained, a large run has several, and a run that stored nothing has none', () =>
  inPlace(async (place) => {
    const destination = openAt(place, { linesPerManifest: 3 });
    for (const run of ['r1', 'r2', 'r3']) {
      for (let n = 0; n < 7; n++) {
        if (run !== 'r2') await storeIn(destination, ofRun(run, `${run}-${n}`), `${n}`);
      }
      const { manifests, lines } = await seal(destination, run);
      assert.deepEqual([manifests, lines], run === 'r2' ? [0, 0] : [3, 7]);
      assert.deepEqual((await seal(destination, run)).manifests, 0, 'a repeat');
    }
    const manifests = await manifestsIn(place);
    assert.deepEqual(
      manifests.map(({ head, events }) => [head.run, events.length]),
      [
        ['r1', 3],
        ['r1', 3],
        ['r1', 1],
        ['r3', 3],
        ['r3', 3],
        ['r3', 1],
      ],
    );
    await assertChained(place, manifests);
    assert.deepEqual((await verifyPlace(place)).told, []);
  }));

test('what runs that died have stored is taken along, what runs that go on have stored is left to them', () =>
  inPlace(async (place) => {
    const destination = openAt(place);
    await storeIn(destination, ofRun('dead', 'a'), 'a');
    await storeIn(destination, ofRun('going', 'b'), 'b');
    await storeIn(destination, itemOf('c'), 'c');
    await storeIn(destination, ofRun('mine', 'd'), 'd');
    assert.equal((await seal(destination, 'mine', ['going'])).lines, 3);
    assert.deepEqual((await verifyPlace(place)).told, [], 'what is in no manifest yet is no difference');
    assert.equal((await seal(destination, 'going', [])).lines, 1);
    const manifests = await manifestsIn(place);
    assert.deepEqual(
      manifests.map(({ events }) => events.map(({ item, run }) => [item, run]).toSorted()),
      [
        [
          ['a', 'dead'],
          ['c', undefined],
          ['d', 'mine'],
        ],
        [['b', 'going']],
      ],
    );
    await assertChained(place, manifests);
  }));

test('a run whose end is delivered twice, at the same time, has one manifest of each part', () =>
  inPlace(async (place) => {
    for (let round = 0; round < 15; round++) {
      const destination = openAt(place, { linesPerManifest: 4 });
      for (let n = 0; n < 6; n++) await storeIn(destination, ofRun(`r${round}`, `${round}-${n}`), `${n}`);
      const others = Array.from({ length: 3 }, () => openAt(place, { linesPerManifest: 4 }));
      await Promise.all([destination, ...others].map((one) => seal(one, `r${round}`)));
    }
    const manifests = await manifestsIn(place);
    await assertChained(place, manifests);
    const items = manifests.flatMap(({ events }) => events.map(({ item }) => item));
    assert.equal(items.length, 90);
    assert.equal(new Set(items).size, 90);
    assert.deepEqual((await verifyPlace(place)).findings, []);
  }));

test('a file that lies where a manifest should go is left alone, and told', () =>
  inPlace(async (place) => {
    const destination = openAt(place);
    await storeIn(destination, ofRun('r1', 'a'), 'a');
    await place.plant('.manifests/archive/0000000001.ndjson', 'not ours');
    const { alarms } = await seal(destination, 'r1');
    assert.match(alarms.join(), /0000000001\.ndjson of "Archive" was there before/);
    const checked = await verifyPlace(place);
    assert.deepEqual(checked.told, ['manifest-extra .manifests/archive/0000000001.ndjson']);
    assert.equal(checked.head?.name, '.manifests/archive/0000000001-1.ndjson');
  }));

test('when time is up the rest is left for the next call', () =>
  inPlace(async (place) => {
    const destination = openAt(place, { linesPerManifest: 2 });
    for (let n = 0; n < 6; n++) await storeIn(destination, ofRun('r', `${n}`), 'x');
    let calls = 0;
    for (let more = true; more; calls++) {
      let turns = 0;
      const sealed = await destination.evidence?.seal({
        run: 'r',
        isOver: async () => true,
        timeIsUp: () => ++turns > 2,
      });
      more = sealed?.more ?? assert.fail();
      assert.ok(calls < 20);
    }
    assert.ok(calls > 3, `${calls} calls`);
    await assertChained(place, await manifestsIn(place));
    assert.equal((await verifyPlace(place)).manifests, 3);
  }));

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Destination } from '../shared/destinations/destination.ts';
import { Failure } from '../shared/errors.ts';
import { type FilePlace, itemOf, type OpenOptions, openAt, storeIn } from './contract/file-place.ts';
import { assertSound, catalogOf } from './contract/file-scenarios.ts';
import { manifestsIn, seal, verifyPlace } from './support/evidence.ts';
import { folderPlace, memoryPlace } from './support/file-places.ts';
import { Interruption } from './support/interruption.ts';

const instant = (day: number): string => `202611${String(day).padStart(2, '0')}T020000Z`;

/** The backup of a day; `site` is also the host. */
function backupOf(day: number, site = 'a') {
  const { values, origin, ...item } = itemOf(`${site}|backup|${instant(day)}`);
  return {
    ...item,
    run: `run-${day}`,
    stream: 'backup',
    origin: { ...origin, siteId: site, host: site },
    values: {
      ...values,
      SUPPORT_SITE_HOST: site,
      SESSION_TYPE: 'backup',
      LSID: instant(day),
      EXTENSION: 'nsb',
    },
  };
}

const format = '%SUPPORT_SITE_HOST%-%LSID%.%EXTENSION%';
const open = (place: FilePlace, retentionCount?: number, more: OpenOptions = {}): Destination =>
  openAt(place, { format, ...(retentionCount === undefined ? {} : { retentionCount }), ...more });
const names = async (place: FilePlace) => [...(await place.list()).keys()].sort();
const backups = (site: string, ...days: number[]) => days.map((day) => `${site}-${instant(day)}.nsb`);

async function inPlace(work: (place: FilePlace) => Promise<void>, make = memoryPlace): Promise<void> {
  const place = await make();
  try {
    await work(place);
  } finally {
    await place.end();
  }
}

test('the newest and so many before it are kept, of each site by itself, and nothing but backups is removed', () =>
  inPlace(async (place) => {
    const destination = open(place, 2);
    // Stored out of order: the instant counts.
    for (const day of [3, 1, 5, 2, 4]) await storeIn(destination, backupOf(day), `a ${day}`);
    for (const day of [1, 2]) await storeIn(destination, backupOf(day, 'b'), `b ${day}`);
    await storeIn(destination, itemOf('session', 's'), 'recording');
    await place.plant('a-20261101T010000Z.nsb', 'of somebody else');
    const sealed = await seal(destination, 'run-5');
    assert.deepEqual([sealed.pruned, sealed.alarms, sealed.lines], [2, [], 10]);
    assert.deepEqual(await names(place), [
      'a-20261101T010000Z.nsb',
      ...backups('a', 3, 4, 5),
      ...backups('b', 1, 2),
      'support.example.com-s.flv',
    ]);
    const [manifest] = await manifestsIn(place);
    // Pruned in one instant: their order says nothing.
    const tombstones = (manifest?.events ?? [])
      .filter(({ event }) => event === 'pruned')
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
    assert.deepEqual(
      tombstones.map(({ name, size, sha256, why, run }) => [name, size, sha256, why, run]),
      [1, 2].map((day) => [
        ...backups('a', day),
        3,
        createHash('sha256').update(`a ${day}`).digest('hex'),
        'Retention Count 2',
        'run-5',
      ]),
    );
    const row = (await catalogOf(place)).find(({ key }) => key === backupOf(1).key);
    assert.deepEqual([row?.state, row?.pruned?.why, row?.size], ['pruned', 'Retention Count 2', 3]);
    assert.equal(await destination.files?.find(backupOf(1).key), undefined);
    // It is not fetched and stored once more.
    assert.equal((await storeIn(destination, backupOf(1), 'again')).status, 'unchanged');
    const checked = await verifyPlace(place);
    assert.deepEqual([checked.told, checked.pruned], [['extra a-20261101T010000Z.nsb'], 2]);
    assert.equal((await seal(destination, 'run-6')).pruned, 0);
  }));

test('no count keeps all, zero keeps the newest, and a lower count is made good', () =>
  inPlace(async (place) => {
    for (const day of [1, 2, 3, 4]) await storeIn(open(place), backupOf(day), `${day}`);
    assert.equal((await seal(open(place), 'r')).pruned, 0);
    assert.equal((await names(place)).length, 4);
    assert.equal((await seal(open(place, 0), 'r2')).pruned, 3);
    assert.deepEqual(await names(place), backups('a', 4));
  }));

test('a backup that somebody has changed, replaced or removed is told and left alone', () =>
  inPlace(async (place) => {
    const destination = open(place, 0);
    for (const day of [1, 2, 3, 4]) await storeIn(destination, backupOf(day), `bytes of ${day}`);
    const [one = '', two = '', three = ''] = backups('a', 1, 2, 3);
    await place.plant(one, 'bytes of X');
    const store = place.openStore();
    const stat = (await store.stat(two)) ?? assert.fail();
    await store.remove(two, stat.tag);
    const { alarms, pruned } = await seal(destination, 'r');
    assert.equal(pruned, 1);
    assert.deepEqual(alarms, [
      `${one} at "Archive" was changed after it was stored; Retention Count leaves it alone.`,
      `${two} at "Archive" was removed by somebody else.`,
    ]);
    assert.deepEqual(await names(place), [one, ...backups('a', 4)]);
    assert.deepEqual((await verifyPlace(place)).told, [`changed ${one}`, `missing ${two}`]);
    assert.ok(!(await place.list()).has(three));
  }));

test('nothing is removed while the newest is not there', () =>
  inPlace(async (place) => {
    const destination = open(place, 0);
    for (const day of [1, 2]) await storeIn(destination, backupOf(day), `${day}`);
    const [newest = ''] = backups('a', 2);
    const store = place.openStore();
    await store.remove(newest, (await store.stat(newest))?.tag ?? '');
    const { alarms, pruned } = await seal(destination, 'r');
    assert.equal(pruned, 0);
    assert.match(alarms.join(), /The newest backup of a at "Archive" is not there as it was stored/);
    assert.deepEqual(await names(place), backups('a', 1));
  }));

test('a file that was put back with the same content counts as what was stored', () =>
  inPlace(async (place) => {
    for (const day of [1, 2]) await storeIn(open(place, 0), backupOf(day), `${day}`);
    await place.plant(backups('a', 1)[0] ?? '', '1');
    assert.deepEqual([(await seal(open(place, 0), 'r')).pruned, await names(place)], [1, backups('a', 2)]);
  }, folderPlace));

test('with one name for all, numbers are used again as the guide says, and the tombstones still tell them apart', () =>
  inPlace(async (place) => {
    const one = (count: number) => open(place, count, { format: '%SUPPORT_SITE_HOST%.%EXTENSION%' });
    for (const day of [1, 2, 3, 4, 5]) {
      await storeIn(one(1), backupOf(day), `${day}`);
      assert.deepEqual((await seal(one(1), `run-${day}`)).alarms, []);
    }
    assert.deepEqual(
      [...(await place.list())].sort(),
      [
        ['a.1.nsb', '5'],
        ['a.nsb', '4'],
      ].sort(),
    );
    await assertSound(place);
    assert.deepEqual((await verifyPlace(place)).findings, []);
  }));

test('a name that is used again counts as used again, whatever the clocks of the hosts say', async () => {
  const minute = (at: number) => () => new Date(Date.UTC(2026, 10, 6, 2, at));
  for (const [pruning, storing] of [
    [2, 1],
    [1, 1],
    [1, 2],
  ] as const)
    await inPlace(async (place) => {
      const one = (at: number) =>
        open(place, 0, { format: '%SUPPORT_SITE_HOST%.%EXTENSION%', now: minute(at) });
      for (const day of [1, 2]) await storeIn(one(0), backupOf(day), `${day}`);
      assert.equal((await seal(one(pruning), 'run-2')).pruned, 1);
      await storeIn(one(storing), backupOf(3), '3');
      assert.deepEqual((await place.list()).get('a.nsb'), '3');
      for (const sealed of [false, true]) {
        if (sealed) await seal(open(place, 9), 'run-3');
        assert.deepEqual((await verifyPlace(place)).findings, [], `${pruning} ${sealed}`);
      }
    });
});

test('storage that refuses to remove anything is an alarm of the run, not a failure, and nothing is forgotten', () =>
  inPlace(async (place) => {
    for (const day of [1, 2, 3]) await storeIn(open(place), backupOf(day), `${day}`);
    const fixed: FilePlace = {
      ...place,
      openStore: () => ({
        ...place.openStore(),
        remove: async (name) => {
          throw new Failure('item', 'immutable', `${name} is immutable`);
        },
      }),
    };
    const sealed = await seal(open(fixed, 0), 'r');
    assert.deepEqual([sealed.pruned, sealed.lines], [0, 3]);
    assert.match(
      sealed.alarms.join(),
      /^2 backups of a at "Archive" are more than .* immutable: they stay\.$/,
    );
    assert.equal((await names(place)).length, 3);
    assert.deepEqual((await verifyPlace(place)).findings, []);
    assert.equal((await seal(open(place, 0), 'r2')).pruned, 2);
  }));

test('a run that dies at any call while it removes and writes manifests: a later one ends in the same', async () => {
  const setUp = async (place: FilePlace) => {
    for (const day of [1, 2, 3, 4]) await storeIn(open(place), backupOf(day), `bytes of ${day}`);
  };
  const settings = { format, retentionCount: 1, linesPerManifest: 3 };
  const picture = async (place: FilePlace) => {
    const manifests = await manifestsIn(place);
    for (const [index, { head }] of manifests.entries()) assert.equal(head.sequence, index + 1);
    const events = manifests.flatMap((manifest) => manifest.events);
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length, 'an event stands in two manifests');
    const { told, notes } = await verifyPlace(place);
    return {
      files: [...(await place.list())].sort(),
      rows: (await catalogOf(place)).map(({ key, state, pruning }) => [key, state, pruning]),
      events: events.map(({ event, name }) => `${event} ${name}`).sort(),
      told,
      notes,
    };
  };
  let expected: unknown;
  let calls = 0;
  await inPlace(async (place) => {
    await setUp(place);
    const count = new Interruption('throw', 0);
    await seal(openAt(place, { ...settings, interruption: count }), 'r1');
    calls = count.calls.length;
    expected = await picture(place);
  });
  assert.ok(calls > 40, `${calls} calls`);
  for (const kind of ['die', 'throw'] as const)
    for (const when of ['before', 'after'] as const)
      for (let at = 1; at <= calls; at++)
        await inPlace(async (place) => {
          await setUp(place);
          const interruption = new Interruption(kind, at, when);
          const run = seal(openAt(place, { ...settings, interruption }), 'r1').catch((error: unknown) => {
            if (!(error instanceof Failure) || error.code !== 'interrupted') throw error;
          });
          await Promise.race([run, interruption.reached.then(() => (kind === 'die' ? undefined : run))]);
          const told = `${kind} ${when} call ${at}, ${interruption.calls.at(at - 1)}`;
          // What verify says in between: nothing differs, whatever is unfinished.
          assert.deepEqual((await verifyPlace(place)).told, [], told);
          // The repeat of the same run, then the next one.
          await seal(openAt(place, settings), 'r1');
          await seal(openAt(place, settings), 'r2');
          assert.deepEqual(await picture(place), expected, told);
          await interruption.bury();
        });
});

test('several hosts at once remove each backup once', () =>
  inPlace(async (place) => {
    for (const day of [1, 2, 3, 4, 5, 6]) await storeIn(open(place), backupOf(day), `${day}`);
    const sealed = await Promise.all(Array.from({ length: 4 }, () => seal(open(place, 0), 'r')));
    assert.deepEqual(
      sealed.flatMap(({ alarms }) => alarms),
      [],
    );
    assert.deepEqual(await names(place), backups('a', 6));
    await seal(open(place, 0), 'r2');
    const events = (await manifestsIn(place)).flatMap((manifest) => manifest.events);
    assert.equal(events.filter(({ event }) => event === 'pruned').length, 5);
    assert.deepEqual((await verifyPlace(place)).findings, []);
  }));

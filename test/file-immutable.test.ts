import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Destination } from '../shared/destinations/destination.ts';
import { openBlobStore } from '../shared/destinations/file/blob-store.ts';
import { Failure } from '../shared/errors.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import {
  contentOf,
  type FilePlace,
  itemOf,
  openAt,
  sinkOf,
  storeIn,
  versionOf,
} from './contract/file-place.ts';
import { assertSound, catalogOf } from './contract/file-scenarios.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { manifestsIn, seal, verifyPlace } from './support/evidence.ts';
import { blobPlace } from './support/file-places.ts';
import { ImmutableContainer } from './support/immutable-container.ts';

let azurite: Azurite;
let policy: ImmutableContainer;
before(async () => {
  azurite = await startAzurite();
  policy = await ImmutableContainer.start(azurite);
});
after(async () => {
  await policy?.stop();
  await azurite?.stop();
});

/** A container with a policy; `tells`: its properties say so. */
async function fixedPlace(tells: boolean): Promise<FilePlace> {
  const place = await blobPlace(azurite);
  policy.tells = tells;
  policy.refused.length = 0;
  const { connectionString } = policy;
  return {
    ...place,
    openStore: () =>
      openBlobStore({
        connectionString,
        container: place.container,
        prefix: 'in/folder',
        blockBytes: 64 * 1024,
      }),
  };
}

const session = (destination: Destination, hash: string, readAt: number) =>
  storeIn(destination, { ...itemOf('s', '7', versionOf(hash, readAt)), run: 'r' }, `content ${hash}`);

for (const tells of [true, false]) {
  const how = tells ? 'the container says so' : 'only refusals say so';
  test(`Overwrite in an immutable container, ${how}: the same is success, other content gets a number and an alarm`, async () => {
    const place = await fixedPlace(tells);
    const destination = openAt(place, { handling: 'Overwrite' });
    assert.equal((await session(destination, 'one', 10)).status, 'stored');
    assert.equal((await session(destination, 'one', 11)).status, 'unchanged');
    const second = await session(destination, 'two', 20);
    assert.ok(second.status === 'stored' && second.file.name === '7.1.flv', JSON.stringify(second));
    // As another process, that has not been refused anything yet.
    const third = await session(openAt(place, { handling: 'Overwrite' }), 'three', 30);
    assert.ok(third.status === 'stored' && third.file.name === '7.2.flv');
    // The name of another item stays its own.
    const taking = await storeIn(
      openAt(place, { handling: 'Overwrite' }),
      { ...itemOf('other', '7'), run: 'r' },
      'of another item',
    );
    assert.ok(taking.status === 'stored' && taking.file.name === '7.3.flv');
    assert.equal((await storeIn(destination, itemOf('other', '7'), 'of another item')).status, 'unchanged');
    assert.deepEqual(Object.fromEntries(await place.list()), {
      '7.flv': 'content one',
      '7.1.flv': 'content two',
      '7.2.flv': 'content three',
      '7.3.flv': 'of another item',
    });
    assert.equal(policy.refused.length > 0, !tells, policy.refused.join());
    await assertSound(place);
    assert.deepEqual(
      (await catalogOf(place)).map(({ key, state, promised }) => [key, state, promised]),
      [
        ['other', 'stored', undefined],
        ['s', 'stored', undefined],
      ],
    );
    const { alarms } = await seal(destination, 'r');
    assert.equal(alarms.length, 3);
    assert.match(
      alarms[0] ?? '',
      /^7\.flv in container \S+ of \S+ is immutable and stays; different content was stored as 7\.\d\.flv\.$/,
    );
    const events = (await manifestsIn(place)).flatMap((manifest) => manifest.events);
    assert.deepEqual(new Set(events.map(({ event }) => event)), new Set(['stored']));
    assert.deepEqual((await verifyPlace(place)).findings, []);
    await place.end();
  });
}

test('a large file for a taken name, which is refused at its first block: the repeat knows better', async () => {
  const place = await fixedPlace(false);
  const destination = openAt(place, { handling: 'Overwrite' });
  await storeIn(destination, itemOf('a', '1'), 'first');
  const bytes = randomBytes(300_000);
  await assert.rejects(storeIn(destination, itemOf('b', '1'), bytes), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.kind, error.code], ['transient', 'immutable']);
    return true;
  });
  const outcome = await storeIn(destination, itemOf('b', '1'), bytes);
  assert.ok(outcome.status === 'stored' && outcome.file.name === '1.1.flv');
  assert.equal((await place.list()).get('1.flv'), 'first');
  await assertSound(place);
  await place.end();
});

test('with a state that was lost, the same content is found again and other content gets a number', async () => {
  const place = await fixedPlace(true);
  await session(openAt(place, { handling: 'Overwrite' }), 'one', 10);
  const state = openSqliteState(':memory:');
  const later = openAt({ ...place, state }, { handling: 'Overwrite' });
  assert.equal((await session(later, 'one', 10)).status, 'unchanged');
  const changed = await session(later, 'two', 20);
  assert.ok(changed.status === 'stored' && changed.file.name === '7.1.flv');
  await state.close();
  await place.end();
});

test('where index tags are refused files are stored without them, and it is told once', async () => {
  const place = await blobPlace(azurite);
  const told: string[] = [];
  const store = openBlobStore({
    connectionString: policy.connectionString,
    container: place.container,
    tier: 'Cool',
    onNoTags: (reason) => told.push(reason),
  });
  policy.takesTags = false;
  policy.refused.length = 0;
  const origin = { siteId: 's', host: 'h' };
  const about = { key: 'k', stream: 'backup', origin, ...contentOf('x') };
  try {
    for (const name of ['a', 'b', 'c']) {
      const attempt = await store.begin({ item: '0'.repeat(32), name });
      await attempt.write(Buffer.from('x'));
      assert.equal((await attempt.put(name, about, undefined)).status, 'put');
    }
  } finally {
    policy.takesTags = true;
  }
  assert.deepEqual([told, policy.refused], [['AuthorizationPermissionMismatch'], ['tags']]);
  const blob = BlobServiceClient.fromConnectionString(azurite.connectionString)
    .getContainerClient(place.container)
    .getBlobClient('c');
  assert.equal((await blob.getProperties()).accessTier, 'Cool');
  assert.equal((await blob.getProperties()).metadata?.sha256, contentOf('x').sha256);
  await place.end();
});

test('Retention Count and the connection test: nothing can be removed, which is told and fails nothing', async () => {
  const place = await fixedPlace(true);
  const destination = openAt(place, { retentionCount: 0 });
  for (const day of ['01', '02']) {
    const item = itemOf(`h|backup|202611${day}T000000Z`, `202611${day}T000000Z`);
    await storeIn(destination, { ...item, stream: 'backup', run: 'r' }, day);
  }
  const { pruned, alarms, manifests } = await seal(destination, 'r');
  assert.deepEqual([pruned, manifests], [0, 1]);
  assert.match(
    alarms.join(),
    /^1 backups of site at "Archive" are more than Retention Count keeps, but the storage is immutable/,
  );
  assert.ok(policy.refused.includes('DELETE '));
  assert.deepEqual((await verifyPlace(place)).findings, []);
  await destination.check();
  assert.ok(sinkOf(destination));
  await place.end();
});

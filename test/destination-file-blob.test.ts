import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { openBlobStore } from '../shared/destinations/file/blob-store.ts';
import { readCatalogItem } from '../shared/destinations/file/catalog.ts';
import { filePlugin } from '../shared/destinations/file/file-plugin.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { contentOf, destinationId, itemOf, openAt, sinkOf, storeIn } from './contract/file-place.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { blobPlace } from './support/file-places.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

const blobOf = (container: string, name: string) =>
  BlobServiceClient.fromConnectionString(azurite.connectionString)
    .getContainerClient(container)
    .getBlockBlobClient(`in/folder/${name}`);

test('a blob says what it is, where it came from and what proves it', async () => {
  const place = await blobPlace(azurite);
  const key = 'support.example.com|session-recording|Größe ✓';
  await storeIn(openAt(place), { ...itemOf('x'), key }, 'bytes');
  const found = await blobOf(place.container, 'x.flv').getProperties();
  assert.equal(found.contentType, 'video/x-flv');
  assert.deepEqual(found.metadata, {
    item_key: encodeURIComponent(key),
    stream: 'session-recording',
    site: 'site',
    host: 'support.example.com',
    size: '5',
    sha256: contentOf('bytes').sha256,
    verified: 'length',
    appliance_id: 'A-1',
    api_version: '1.25.0',
    lsid: 'x',
    session_type: 'support',
  });
  const { tags } = await blobOf(place.container, 'x.flv').getTags();
  assert.deepEqual(tags, { site: 'site', type: 'session-recording', lsid: 'x' });
  await place.end();
});

test('with a catalog that was lost, an item that never changes is found again by its key', async () => {
  const place = await blobPlace(azurite);
  await storeIn(openAt(place), itemOf('a', '1'), 'bytes of a');
  await storeIn(openAt(place), itemOf('b', '1'), 'bytes of b');
  const state = openSqliteState(':memory:');
  const later = { ...place, state };
  for (const [key, name] of [
    ['b', '1.1.flv'],
    ['a', '1.flv'],
  ] as const) {
    const outcome = await storeIn(openAt(later), itemOf(key, '1'), 'other bytes');
    assert.ok(outcome.status === 'unchanged');
    assert.deepEqual([outcome.file.name, outcome.file.sha256], [name, contentOf(`bytes of ${key}`).sha256]);
    assert.equal((await readCatalogItem(state, destinationId, key))?.state, 'stored');
  }
  assert.equal((await place.list()).size, 2);
  await state.close();
  await place.end();
});

test('with a catalog that was lost, a session is found again where its content is the same', async () => {
  const place = await blobPlace(azurite);
  const version = (hash: string) => itemOf('s', '7', { hash, closed: true, readAt: 10 });
  await storeIn(openAt(place), version('one'), 'content one');
  const state = openSqliteState(':memory:');
  const later = openAt({ ...place, state });
  assert.equal((await storeIn(later, version('one'), 'content one')).status, 'unchanged');
  const changed = itemOf('s', '7', { hash: 'two', closed: true, readAt: 20 });
  assert.equal((await storeIn(later, changed, 'content two')).status, 'stored');
  assert.deepEqual([...(await place.list()).keys()].sort(), ['7.1.flv', '7.flv']);
  assert.equal((await readCatalogItem(state, destinationId, 's'))?.earlier?.[0]?.version?.hash, 'one');
  await state.close();
  await place.end();
});

test('chunks of any size become blocks of one size and come back whole', async () => {
  const place = await blobPlace(azurite);
  const store = openBlobStore({
    connectionString: azurite.connectionString,
    container: place.container,
    blockBytes: 100_000,
  });
  const attempt = await store.begin({ item: 'i'.repeat(32), name: 'big' });
  const bytes = randomBytes(1_234_567);
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size * 7 + 13) % 260_000) {
    await attempt.write(bytes.subarray(at, at + size));
  }
  const { size, sha256 } = contentOf(bytes);
  const about = {
    key: 'k',
    stream: 's',
    origin: { siteId: 's', host: 'h' },
    size,
    sha256,
    verified: 'length',
  } as const;
  assert.equal((await attempt.put('big', about, undefined)).status, 'put');
  const read: Uint8Array[] = [];
  for await (const chunk of store.read('big')) read.push(chunk);
  assert.ok(Buffer.concat(read).equals(bytes));
  const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
    place.container,
  );
  const { committedBlocks = [] } = await client.getBlockBlobClient('big').getBlockList('committed');
  assert.deepEqual([...new Set(committedBlocks.map((block) => block.size))], [100_000, 1_234_567 % 100_000]);
  await place.end();
});

test('large files of one name at once: who is overtaken says so as transient, and the repeat has its own', async () => {
  const place = await blobPlace(azurite);
  const [one, two] = [randomBytes(300_000).toString('hex'), randomBytes(300_000).toString('hex')];
  const first = await sinkOf(openAt(place)).begin(itemOf('a', '1'));
  assert.ok(first.status === 'write');
  await first.write.write(Buffer.from(one));
  await place.plant('1.flv', 'came in between');
  // Its blocks lie under a name that is gone, and blocks cannot move.
  await assert.rejects(
    first.write.commit(contentOf(one)),
    (error) => error instanceof Failure && error.kind === 'transient' && error.code === 'write-lost',
  );
  const outcomes = [
    await storeIn(openAt(place), itemOf('a', '1'), one),
    await storeIn(openAt(place), itemOf('b', '1'), two),
  ];
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'stored' && outcome.file.name),
    ['1.1.flv', '1.2.flv'],
  );
  await place.end();
});

test('what fails is said in one line, as terminal or transient, and never with the key', async () => {
  const state = openSqliteState(':memory:');
  const open = (connectionString: string) =>
    filePlugin.open({
      id: 'x',
      name: 'X',
      settings: filePlugin.settings.parse({
        kind: 'blob',
        connectionSecret: 'storage',
        container: 'some-container',
      }),
      state,
      log: silentLog,
      secret: async (name) => (name === 'storage' ? connectionString : assert.fail(name)),
    });
  const said = (kind: string, code: string) => (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], [kind, code]);
    assert.doesNotMatch(error.message, /\n|AccountKey|bm90/);
    return true;
  };
  await (await open(azurite.connectionString)).check();
  const wrong = await open(
    azurite.connectionString.replace(/AccountKey=[^;]*/, 'AccountKey=bm90IHRoZSBrZXk='),
  );
  await assert.rejects(wrong.check(), said('terminal', 'no-access'));
  await assert.rejects(storeIn(wrong, itemOf('a'), 'x'), said('terminal', 'no-access'));
  await assert.rejects(open('AccountKey=bm90'), said('terminal', 'bad-connection-string'));
  const store = openBlobStore({
    connectionString: azurite.connectionString.replace(
      /BlobEndpoint=[^;]*/,
      'BlobEndpoint=http://127.0.0.1:9/devstoreaccount1',
    ),
    container: 'some-container',
    client: { retryOptions: { maxTries: 1 } },
  });
  await assert.rejects(store.stat('x'), said('transient', 'storage-unreachable'));
  await state.close();
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readCatalogItem } from '../shared/destinations/file/catalog.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { contentOf, destinationId, itemOf, openAt, storeIn } from './contract/file-place.ts';
import {
  aboutOf,
  keyOf,
  openEmpty,
  pathsOf,
  putText,
  readAll,
  said,
} from './destination-file-share-support.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import { plantFile, sharePlace } from './support/file-places.ts';

const azure = new AzureFiles();
before(() => azure.start());
after(() => azure.stop());
beforeEach(() => azure.reset());

test('a file says what it is, where it came from and what proves it, from the moment it is there', async () => {
  const place = await sharePlace(azure);
  const key = 'support.example.com|session-recording|Größe ✓';
  const bytes = randomBytes(150_000);
  azure.meanwhile = ({ operation }) => {
    if (operation !== 'Rename File') return;
    const [, hidden] = [...place.tree.files()][0] ?? assert.fail('no file');
    assert.equal(hidden.metadata.sha256, contentOf(bytes).sha256);
  };
  await storeIn(openAt(place), { ...itemOf('x'), key }, bytes);
  const found = place.tree.find(['in', 'folder', 'x.flv']);
  assert.ok(found?.kind === 'file');
  assert.equal(found.contentType, 'video/x-flv');
  const { attempt, ...metadata } = found.metadata;
  assert.match(attempt ?? '', /^[0-9a-f-]{36}$/);
  assert.deepEqual(metadata, {
    item_key: encodeURIComponent(key),
    stream: 'session-recording',
    site: 'site',
    host: 'support.example.com',
    size: '150000',
    sha256: contentOf(bytes).sha256,
    verified: 'length',
    appliance_id: 'A-1',
    api_version: '1.25.0',
    lsid: 'x',
    session_type: 'support',
  });
  await place.end();
});

test('with a catalog that was lost, an item that never changes is found again by its key', async () => {
  const place = await sharePlace(azure);
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

test('chunks of any size become ranges of 4 MiB at most, and the file has its size in the end', async () => {
  const { store, tree } = openEmpty(azure, { rangeBytes: 100 * 1024 * 1024 });
  const attempt = await store.begin(keyOf('big'));
  const bytes = randomBytes(21_234_567);
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size * 7 + 13) % 9_260_000) {
    await attempt.write(bytes.subarray(at, at + size));
  }
  assert.equal((await attempt.put('big', aboutOf(bytes), undefined)).status, 'put');
  const found = tree.find(['big']);
  assert.ok(found?.kind === 'file' && found.size === bytes.byteLength && found.bytes.equals(bytes));
  assert.ok((await readAll(store, 'big')).equals(bytes));
  const ranges = azure.log.filter(({ operation }) => operation === 'Put Range').map((call) => call.bytes);
  assert.deepEqual(ranges, [...Array(5).fill(4 * 1024 * 1024), 21_234_567 - 5 * 4 * 1024 * 1024]);
  assert.ok(azure.log.filter(({ operation }) => operation === 'Set File Properties').length < ranges.length);
  await attempt.discard();
  assert.deepEqual(pathsOf(tree), ['big']);
});

test('sizes around that of a range come back whole', async () => {
  const { store } = openEmpty(azure, { rangeBytes: 1_000 });
  for (const size of [0, 1, 999, 1_000, 1_001, 2_000, 2_001, 5_432]) {
    const bytes = randomBytes(size);
    const attempt = await store.begin(keyOf('n'));
    for (let at = 0; at < size; at += 700) await attempt.write(bytes.subarray(at, at + 700));
    const result = await attempt.put(`n${size}`, aboutOf(bytes), undefined);
    const stat = await store.stat(`n${size}`);
    assert.ok(result.status === 'put');
    assert.deepEqual([stat?.tag, stat?.size, stat?.sha256], [result.tag, size, contentOf(bytes).sha256]);
    assert.ok((await readAll(store, `n${size}`)).equals(bytes), `${size} bytes`);
  }
});

test('folders are made where they are missing, also when one goes while they are made', async () => {
  const { store, tree } = openEmpty(azure, { prefix: 'of/this/site' });
  assert.equal((await putText(store, 'a/b/c/x', 'one')).status, 'put');
  assert.equal((await putText(store, 'A/B/y', 'two')).status, 'put');
  assert.deepEqual(pathsOf(tree), ['of/this/site/a/b/c/x', 'of/this/site/a/b/y']);
  azure.meanwhile = ({ operation, path }) => {
    if (operation !== 'Create Directory' || path.at(-1) !== 'e') return;
    azure.meanwhile = undefined;
    tree.drop(['of', 'this', 'site', 'd']);
  };
  assert.equal((await putText(store, 'd/e/x', 'three')).status, 'put');
  assert.equal(await store.stat('no/such/folder/x'), undefined);
});

test('what stands in the way of a folder is said, and a folder in the way of a file is a name that is taken', async () => {
  const { store, tree } = openEmpty(azure);
  plantFile(tree, 'taken', 'a file');
  await assert.rejects(putText(store, 'taken/x', 'x'), said('terminal', 'not-a-folder'));
  for (const folderAsFile of ['ResourceNotFound', 'ResourceTypeMismatch'] as const) {
    for (const folderInTheWay of ['ResourceAlreadyExists', 'ResourceTypeMismatch'] as const) {
      azure.habits = { ...azure.habits, folderAsFile, folderInTheWay };
      const place = await sharePlace(azure);
      plantFile(place.tree, 'in/folder/1.flv/something', 'in a folder');
      const outcome = await storeIn(openAt(place), itemOf('a', '1'), 'bytes');
      assert.ok(outcome.status === 'stored' && outcome.file.name === '1.1.flv');
      await assert.rejects(
        storeIn(openAt(place, { handling: 'Overwrite' }), itemOf('b', '1'), 'bytes'),
        said('terminal', 'not-a-folder'),
      );
      assert.equal(await place.unfinished(), 0);
      await place.end();
    }
  }
});

test('long names and names with every character that is allowed come back as they are', async () => {
  const { store, tree } = openEmpty(azure, { prefix: 'p'.repeat(200) });
  const long = `${Array.from({ length: 5 }, (_, i) => `${i}`.repeat(i === 4 ? 200 : 204)).join('/')}.flv`;
  assert.equal(long.length, 1_024);
  const odd = [
    'per%cent %2F.flv',
    'a#b&c+d;e=f,g@h!.flv',
    "it's (1) [2] {3} $~^`.flv",
    'Größe ✓ 日本 😀.flv',
    `${'ß'.repeat(250)}.flv`,
  ];
  for (const name of [long, ...odd]) {
    assert.equal((await putText(store, name, name)).status, 'put');
    assert.equal((await readAll(store, name)).toString(), name);
    assert.equal((await putText(store, name, `${name} again`, true)).status, 'put');
  }
  assert.deepEqual(pathsOf(tree), [long, ...odd].map((name) => `${'p'.repeat(200)}/${name}`).sort());
  const tooLong = [`${'x'.repeat(256)}`, Array(9).fill('y'.repeat(250)).join('/')];
  for (const name of tooLong) await assert.rejects(putText(store, name, 'x'), said('item', 'name-refused'));
});

test("leftovers of dead attempts go, by the service's clock and over any number of pages", async () => {
  const { store, tree } = openEmpty(azure, { prefix: 'folder' });
  await store.sweep(0);
  const [mine, other] = ['a'.repeat(32), 'b'.repeat(32)];
  const leftover = (item: string, i: number) => `folder/.incomplete/${item}.${String(i).padStart(36, '0')}`;
  for (let i = 0; i < 7; i++) {
    plantFile(tree, leftover(mine, i), 'x');
    plantFile(tree, leftover(other, i), 'x');
  }
  plantFile(tree, 'folder/.incomplete/not ours', 'x');
  plantFile(tree, 'folder/visible', 'x');
  azure.habits = { ...azure.habits, pageSize: 3 };
  const left = () => pathsOf(tree).length;
  await store.sweep(3600_000);
  assert.equal(left(), 16);
  await store.sweep(0, mine);
  assert.equal(left(), 9);
  assert.equal(azure.log.filter(({ operation }) => operation === 'List Directories and Files').length, 9);
  azure.habits = { ...azure.habits, clockOffset: 2 * 3600_000 };
  plantFile(tree, leftover(mine, 1), 'young by the clock of the service, old by ours');
  await store.sweep(3600_000);
  assert.deepEqual(
    pathsOf(tree),
    [leftover(mine, 1), 'folder/.incomplete/not ours', 'folder/visible'].sort(),
  );
});

test('not more than two ranges are held: who writes waits for the share', async () => {
  const { store } = openEmpty(azure, { rangeBytes: 1_000 });
  const attempt = await store.begin(keyOf('x'));
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  azure.meanwhile = ({ operation }) => (operation === 'Put Range' ? held : undefined);
  const bytes = randomBytes(3_001);
  let taken = 0;
  const writing = (async () => {
    for (; taken < bytes.byteLength; taken++) await attempt.write(bytes.subarray(taken, taken + 1));
  })();
  await delay(100);
  assert.equal(taken, 2_000);
  letGo();
  await writing;
  assert.equal((await attempt.put('x', aboutOf(bytes), undefined)).status, 'put');
  assert.ok((await readAll(store, 'x')).equals(bytes));
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { readCatalogItem } from '../shared/destinations/file/catalog.ts';
import type { FileFacts, FileStore } from '../shared/destinations/file/file-store.ts';
import { openShareStore, type ShareStoreOptions } from '../shared/destinations/file/share-store.ts';
import { Failure } from '../shared/errors.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import {
  contentOf,
  destinationId,
  itemOf,
  openAt,
  sinkOf,
  storeIn,
  versionOf,
} from './contract/file-place.ts';
import { assertSound } from './contract/file-scenarios.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import type { ShareTree } from './support/azure-files/share-tree.ts';
import { plantFile, sharePlace } from './support/file-places.ts';

const azure = new AzureFiles();
before(() => azure.start());
after(() => azure.stop());
beforeEach(() => {
  azure.log.length = 0;
  azure.faults.length = 0;
  azure.meanwhile = undefined;
  azure.pageSize = 5_000;
  azure.folderAsFile = 'ResourceNotFound';
  azure.folderInTheWay = 'ResourceTypeMismatch';
  azure.leaseSurvivesRename = false;
  azure.clockOffset = 0;
});

let shares = 0;
const once = { retryOptions: { maxTries: 1 } };

function openEmpty(options: Partial<ShareStoreOptions> = {}): { store: FileStore; tree: ShareTree } {
  const share = `share-${++shares}`;
  const tree = azure.makeShare(share);
  const client = { retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 1 } };
  const { connectionString } = azure;
  return {
    tree,
    store: openShareStore({
      connectionString,
      share,
      client,
      patienceMs: 100,
      ...options,
    } as ShareStoreOptions),
  };
}

const about = (bytes: string | Uint8Array): FileFacts => ({
  key: 'k',
  stream: 's',
  origin: { siteId: 's', host: 'h' },
  ...contentOf(bytes),
});
const key = (name: string) => ({ item: 'a'.repeat(32), name });
const pathsOf = (tree: ShareTree) => [...tree.files()].map(([path]) => path).sort();
const textAt = (tree: ShareTree, path: string) =>
  [...tree.files()].find(([found]) => found === path)?.[1].bytes.toString();
const said = (kind: string, code: string) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.doesNotMatch(error.message, /\n|AccountKey|YW55IGtleSBkb2Vz/);
  return true;
};

async function putText(store: FileStore, name: string, text: string, replace = false) {
  const attempt = await store.begin(key(name));
  try {
    await attempt.write(Buffer.from(text));
    return await attempt.put(name, about(text), replace ? await store.stat(name) : undefined);
  } finally {
    await attempt.discard();
  }
}

async function readAll(store: FileStore, name: string): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of store.read(name)) read.push(chunk);
  return Buffer.concat(read);
}

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
  const { store, tree } = openEmpty({ rangeBytes: 100 * 1024 * 1024 });
  const attempt = await store.begin(key('big'));
  const bytes = randomBytes(21_234_567);
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size * 7 + 13) % 9_260_000) {
    await attempt.write(bytes.subarray(at, at + size));
  }
  assert.equal((await attempt.put('big', about(bytes), undefined)).status, 'put');
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
  const { store } = openEmpty({ rangeBytes: 1_000 });
  for (const size of [0, 1, 999, 1_000, 1_001, 2_000, 2_001, 5_432]) {
    const bytes = randomBytes(size);
    const attempt = await store.begin(key('n'));
    for (let at = 0; at < size; at += 700) await attempt.write(bytes.subarray(at, at + 700));
    const result = await attempt.put(`n${size}`, about(bytes), undefined);
    const stat = await store.stat(`n${size}`);
    assert.ok(result.status === 'put');
    assert.deepEqual([stat?.tag, stat?.size, stat?.sha256], [result.tag, size, contentOf(bytes).sha256]);
    assert.ok((await readAll(store, `n${size}`)).equals(bytes), `${size} bytes`);
  }
});

const lost = [
  { when: 'after', how: 'drop' },
  { when: 'after', how: { status: 500, code: 'InternalError' } },
  { when: 'after', how: { status: 503, code: 'ServerBusy' } },
  { when: 'before', how: { status: 500, code: 'InternalError' } },
] as const;

test('a rename whose reply was lost is recognised, whether or not the client asks again', async () => {
  for (const client of [once, undefined]) {
    for (const fault of lost) {
      for (const replace of [false, true]) {
        const { store, tree } = openEmpty(client === undefined ? {} : { client });
        if (replace) await putText(store, 'a/x', 'old');
        azure.faults.push({ operation: 'Rename File', ...fault });
        const putting = putText(store, 'a/x', 'new', replace);
        if (client === once && fault.when === 'before') {
          await assert.rejects(putting, said('transient', 'storage-busy'));
          assert.deepEqual(textAt(tree, 'a/x'), replace ? 'old' : undefined);
        } else {
          const result = await putting;
          assert.ok(result.status === 'put' && result.tag === (await store.stat('a/x'))?.tag);
          assert.equal(textAt(tree, 'a/x'), 'new');
        }
        assert.equal(azure.faults.length, 0);
        for (const [path, file] of tree.files()) {
          assert.equal(path, 'a/x');
          assert.notEqual(file.lease?.state, 'leased');
        }
      }
    }
  }
});

test('whichever request is the one that fails, done or not, the repeat ends in the same', async () => {
  for (const handling of ['AppendNumber', 'Overwrite'] as const) {
    for (const when of ['before', 'after'] as const) {
      for (let skip = 0, failed = true; failed; skip++) {
        const place = await sharePlace(azure);
        const open = (client: ShareStoreOptions['client']) => () =>
          openShareStore({
            connectionString: azure.connectionString,
            share: place.share,
            prefix: 'in/folder',
            rangeBytes: 2_000,
            patienceMs: 20,
            ...(client === undefined ? {} : { client }),
          });
        const again = () => openAt({ ...place, openStore: open(undefined) }, { handling });
        await storeIn(again(), itemOf('s', '7', versionOf('old', 10)), 'old content');
        azure.faults.push({ when, skip, how: 'drop' });
        const item = itemOf('s', '7', versionOf('new', 20));
        const bytes = 'new content '.repeat(500);
        const cut = openAt({ ...place, openStore: open(once) }, { handling });
        await storeIn(cut, item, bytes, 1_500).catch((error: unknown) => {
          said('transient', 'storage-unreachable')(error);
        });
        failed = azure.faults.length === 0;
        azure.faults.length = 0;
        assert.ok(failed || skip > 8, `${skip} requests`);
        const outcome = await storeIn(again(), item, bytes, 1_500);
        const told = `${handling}, request ${skip + 1} cut off ${when}`;
        assert.ok(outcome.status === 'stored' || outcome.status === 'unchanged', told);
        const files = Object.fromEntries(await place.list());
        const expected =
          handling === 'Overwrite' ? { '7.flv': bytes } : { '7.flv': 'old content', '7.1.flv': bytes };
        assert.deepEqual(files, expected, told);
        await assertSound(place);
        await place.end();
      }
    }
  }
});

test('whatever comes in between at whichever request of a replacement, nobody overwrites what they did not see', async () => {
  for (let at = 1, reached = true; reached; at++) {
    const { store, tree } = openEmpty();
    await putText(store, 'x', 'old');
    const before = await store.stat('x');
    const attempt = await store.begin(key('x'));
    await attempt.write(Buffer.from('mine'));
    let count = 0;
    let other: Promise<{ status: string }> | undefined;
    azure.meanwhile = () => {
      if (other === undefined && ++count === at) other = putIfOld();
    };
    const putIfOld = async () => {
      const theirs = await store.begin(key('x'));
      await theirs.write(Buffer.from('theirs'));
      return theirs.put('x', about('theirs'), before);
    };
    const results: string[] = [(await attempt.put('x', about('mine'), before)).status];
    reached = other !== undefined;
    if (other !== undefined) results.push((await other).status);
    assert.equal(results.filter((status) => status === 'put').length, 1, `request ${at}: ${results}`);
    assert.equal(textAt(tree, 'x'), results[0] === 'put' ? 'mine' : 'theirs');
    assert.ok(!reached || at < 50);
  }
});

test('a file that somebody else changes through SMB right before it is replaced stays', async () => {
  const { store, tree } = openEmpty();
  await putText(store, 'x', 'old');
  azure.meanwhile = ({ operation }) => {
    if (operation !== 'Lease File') return;
    azure.meanwhile = undefined;
    plantFile(tree, 'x', 'saved by a person');
  };
  assert.deepEqual(await putText(store, 'x', 'new', true), { status: 'changed' });
  assert.equal(textAt(tree, 'x'), 'saved by a person');
});

test('a lease that a dead process left is broken, one of a live process is waited for', async () => {
  for (const survives of [false, true]) {
    azure.leaseSurvivesRename = survives;
    const { store, tree } = openEmpty();
    await putText(store, 'x', 'old');
    const file = tree.find(['x']);
    assert.ok(file?.kind === 'file');
    file.lease = { id: 'of a dead process', state: 'leased' };
    assert.equal((await putText(store, 'x', 'new', true)).status, 'put');
    const now = tree.find(['x']);
    assert.ok(now?.kind === 'file' && now.bytes.toString() === 'new');
    assert.notEqual(now.lease?.state, 'leased');
    now.lease = { id: 'of a live one', state: 'leased' };
    azure.log.length = 0;
    const patient = openShareStore({
      connectionString: azure.connectionString,
      share: `share-${shares}`,
      patienceMs: 60_000,
    });
    setTimeout(() => {
      now.lease = undefined;
    }, 100);
    const { tag } = (await patient.stat('x')) ?? assert.fail('gone');
    assert.equal(await patient.remove('x', tag), true);
    assert.deepEqual(pathsOf(tree), []);
  }
});

test('a holder whose lease was broken changes nothing any more', async () => {
  const { store, tree } = openEmpty();
  await putText(store, 'x', 'old');
  azure.meanwhile = ({ operation }) => {
    const file = tree.find(['x']);
    if (operation === 'Rename File' && file?.kind === 'file' && file.lease) file.lease.state = 'broken';
  };
  assert.deepEqual(await putText(store, 'x', 'new', true), { status: 'changed' });
  azure.meanwhile = undefined;
  assert.equal(textAt(tree, 'x'), 'old');
});

test('only the file with the tag is removed', async () => {
  const { store, tree } = openEmpty();
  const first = await putText(store, 'x', 'one');
  const second = await putText(store, 'x', 'two', true);
  assert.ok(first.status === 'put' && second.status === 'put' && first.tag !== second.tag);
  assert.equal(await store.remove('x', first.tag), false);
  assert.equal(await store.remove('y', first.tag), false);
  assert.deepEqual(pathsOf(tree), ['x']);
  assert.equal(await store.remove('X', second.tag), true);
  assert.deepEqual(pathsOf(tree), []);
});

test('a share that is full is a terminal failure that names it, and leaves nothing', async () => {
  const place = await sharePlace(azure);
  place.tree.quota = 200_000;
  const failing = storeIn(openAt(place), itemOf('a'), randomBytes(300_000));
  await assert.rejects(failing, said('terminal', 'disk-full'));
  await assert.rejects(failing, (error: Error) =>
    error.message.includes(`share ${place.share} of 127.0.0.1`),
  );
  assert.deepEqual(pathsOf(place.tree), []);
  assert.equal((await storeIn(openAt(place), itemOf('a'), randomBytes(100_000))).status, 'stored');
  // Whatever status it comes with.
  azure.faults.push({
    operation: 'Put Range',
    when: 'before',
    how: { status: 413, code: 'ShareSizeLimitReached' },
  });
  await assert.rejects(storeIn(openAt(place), itemOf('b'), 'b'), said('terminal', 'disk-full'));
  await place.end();
});

test('what fails is said in one line, as terminal, transient or about the item', async () => {
  const { store } = openEmpty();
  const refused = (status: number, code: string) => {
    azure.faults.push({ when: 'before', how: { status, code } });
    return store.stat('x');
  };
  await assert.rejects(refused(403, 'AuthorizationPermissionMismatch'), said('terminal', 'no-access'));
  await assert.rejects(refused(403, 'ShareDisabled'), said('terminal', 'no-access'));
  await assert.rejects(refused(409, 'SharingViolation'), said('transient', 'storage-busy'));
  await assert.rejects(refused(409, 'ShareBeingDeleted'), said('transient', 'storage-busy'));
  await assert.rejects(refused(400, 'InvalidHeaderValue'), said('terminal', 'storage-refused'));
  const open = (options: Partial<ShareStoreOptions>) =>
    openShareStore({
      connectionString: azure.connectionString,
      share: 'no-such-share',
      ...options,
    } as ShareStoreOptions);
  await assert.rejects(open({}).stat('x'), said('terminal', 'no-share'));
  await assert.rejects(putText(open({}), 'x', 'x'), said('terminal', 'no-share'));
  await assert.rejects(open({}).sweep(0), said('terminal', 'no-share'));
  const nowhere = azure.connectionString.replace(
    /FileEndpoint=[^;]*/,
    'FileEndpoint=http://127.0.0.1:9/account',
  );
  await assert.rejects(
    open({ connectionString: nowhere, client: once }).stat('x'),
    said('transient', 'storage-unreachable'),
  );
  assert.throws(
    () => open({ connectionString: 'AccountKey=bm90' }),
    said('terminal', 'bad-connection-string'),
  );
});

test('a file that an SMB client has open is not replaced, and a later repeat does it', async () => {
  const { store, tree } = openEmpty();
  await putText(store, 'x', 'old');
  const file = tree.find(['x']);
  assert.ok(file?.kind === 'file');
  file.openBySmb = true;
  await assert.rejects(putText(store, 'x', 'new', true), said('transient', 'storage-busy'));
  assert.deepEqual([pathsOf(tree), textAt(tree, 'x')], [['x'], 'old']);
  file.openBySmb = false;
  file.readOnly = true;
  assert.equal((await putText(store, 'x', 'new', true)).status, 'put');
  assert.equal(textAt(tree, 'x'), 'new');
});

test('folders are made where they are missing, also when one goes while they are made', async () => {
  const { store, tree } = openEmpty({ prefix: 'of/this/site' });
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
  const { store, tree } = openEmpty();
  plantFile(tree, 'taken', 'a file');
  await assert.rejects(putText(store, 'taken/x', 'x'), said('terminal', 'not-a-folder'));
  for (const asFile of ['ResourceNotFound', 'ResourceTypeMismatch'] as const) {
    for (const inTheWay of ['ResourceAlreadyExists', 'ResourceTypeMismatch'] as const) {
      [azure.folderAsFile, azure.folderInTheWay] = [asFile, inTheWay];
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
  const { store, tree } = openEmpty({ prefix: 'p'.repeat(200) });
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
  const { store, tree } = openEmpty({ prefix: 'folder' });
  await store.sweep(0);
  const [mine, other] = ['a'.repeat(32), 'b'.repeat(32)];
  const leftover = (item: string, i: number) => `folder/.incomplete/${item}.${String(i).padStart(36, '0')}`;
  for (let i = 0; i < 7; i++) {
    plantFile(tree, leftover(mine, i), 'x');
    plantFile(tree, leftover(other, i), 'x');
  }
  plantFile(tree, 'folder/.incomplete/not ours', 'x');
  plantFile(tree, 'folder/visible', 'x');
  azure.pageSize = 3;
  const left = () => pathsOf(tree).length;
  await store.sweep(3600_000);
  assert.equal(left(), 16);
  await store.sweep(0, mine);
  assert.equal(left(), 9);
  assert.equal(azure.log.filter(({ operation }) => operation === 'List Directories and Files').length, 9);
  azure.clockOffset = 2 * 3600_000;
  plantFile(tree, leftover(mine, 1), 'young by the clock of the service, old by ours');
  await store.sweep(3600_000);
  assert.deepEqual(
    pathsOf(tree),
    [leftover(mine, 1), 'folder/.incomplete/not ours', 'folder/visible'].sort(),
  );
});

test('an unfinished file that somebody removes is a transient failure, and the repeat stores it', async () => {
  const place = await sharePlace(azure);
  for (const size of [10, 200_000]) {
    const begun = await sinkOf(openAt(place)).begin(itemOf(`${size}`));
    assert.ok(begun.status === 'write');
    const bytes = randomBytes(size);
    await begun.write.write(bytes);
    azure.meanwhile = ({ operation }) => {
      if (operation === 'Rename File')
        for (const [path] of place.tree.files()) place.tree.drop(path.split('/'));
    };
    await assert.rejects(begun.write.commit(contentOf(bytes)), said('transient', 'write-lost'));
    azure.meanwhile = undefined;
    assert.deepEqual(pathsOf(place.tree), []);
  }
  assert.equal((await storeIn(openAt(place), itemOf('10'), 'bytes')).status, 'stored');
  await assertSound(place);
  await place.end();
});

test('after bytes were lost nothing is made of the rest', async () => {
  const { store, tree } = openEmpty({ client: once });
  for (const operation of ['Create File', 'Put Range', 'Set File Properties', 'Set File Metadata'] as const) {
    const { store: small } = openEmpty({ client: once, rangeBytes: 1_000 });
    const attempt = await small.begin(key('x'));
    azure.faults.push({ operation, when: 'before', how: 'drop' });
    const bytes = randomBytes(3_500);
    const all = async () => {
      await attempt.write(bytes);
      await attempt.put('x', about(bytes), undefined);
    };
    await assert.rejects(all(), said('transient', 'storage-unreachable'));
    if (operation !== 'Set File Metadata') await assert.rejects(attempt.put('x', about(bytes), undefined));
    else assert.equal((await attempt.put('x', about(bytes), undefined)).status, 'put');
    const found = await small.stat('x');
    assert.ok(found === undefined || found.size === 3_500, operation);
    await attempt.discard();
  }
  const ended = await store.begin(key('x'));
  await ended.write(Buffer.from('x'));
  await ended.discard();
  await assert.rejects(ended.put('x', about('x'), undefined), /has ended/);
  assert.deepEqual(pathsOf(tree), []);
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { contentOf, itemOf, openAt, sinkOf, storeIn, versionOf } from './contract/file-place.ts';
import { assertSound } from './contract/file-scenarios.ts';
import {
  aboutOf,
  keyOf,
  once,
  openAgain,
  openEmpty,
  pathsOf,
  putText,
  type ShareOptions,
  said,
  textAt,
} from './destination-file-share-support.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import { sharePlace } from './support/file-places.ts';

const azure = new AzureFiles();
before(() => azure.start());
after(() => azure.stop());
beforeEach(() => azure.reset());

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
        const { store, tree } = openEmpty(azure, client === undefined ? {} : { client });
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
        const open = (client?: ShareOptions['client']) => () =>
          openAgain(azure, place.share, {
            prefix: 'in/folder',
            rangeBytes: 2_000,
            patienceMs: 20,
            ...(client === undefined ? {} : { client }),
          });
        const again = () => openAt({ ...place, openStore: open() }, { handling });
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
  const { store } = openEmpty(azure);
  const refused = (status: number, code: string) => {
    azure.faults.push({ when: 'before', how: { status, code } });
    return store.stat('x');
  };
  await assert.rejects(refused(403, 'AuthorizationPermissionMismatch'), said('terminal', 'no-access'));
  await assert.rejects(refused(403, 'ShareDisabled'), said('terminal', 'no-access'));
  await assert.rejects(refused(409, 'SharingViolation'), said('transient', 'storage-busy'));
  await assert.rejects(refused(409, 'ShareBeingDeleted'), said('transient', 'storage-busy'));
  await assert.rejects(refused(400, 'InvalidHeaderValue'), said('terminal', 'storage-refused'));
  const open = (options: ShareOptions) => openAgain(azure, 'no-such-share', options);
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
  const { store, tree } = openEmpty(azure, { client: once });
  for (const operation of ['Create File', 'Put Range', 'Set File Properties', 'Set File Metadata'] as const) {
    const { store: small } = openEmpty(azure, { client: once, rangeBytes: 1_000 });
    const attempt = await small.begin(keyOf('x'));
    azure.faults.push({ operation, when: 'before', how: 'drop' });
    const bytes = randomBytes(3_500);
    const all = async () => {
      await attempt.write(bytes);
      await attempt.put('x', aboutOf(bytes), undefined);
    };
    await assert.rejects(all(), said('transient', 'storage-unreachable'));
    if (operation !== 'Set File Metadata') await assert.rejects(attempt.put('x', aboutOf(bytes), undefined));
    else assert.equal((await attempt.put('x', aboutOf(bytes), undefined)).status, 'put');
    const found = await small.stat('x');
    assert.ok(found === undefined || found.size === 3_500, operation);
    await attempt.discard();
  }
  const ended = await store.begin(keyOf('x'));
  await ended.write(Buffer.from('x'));
  await ended.discard();
  await assert.rejects(ended.put('x', aboutOf('x'), undefined), /has ended/);
  assert.deepEqual(pathsOf(tree), []);
});

test('an attempt whose unfinished file is gone says so once, and then fails', async () => {
  for (const size of [10, 3_500]) {
    const { store, tree } = openEmpty(azure, { rangeBytes: 1_000 });
    const attempt = await store.begin(keyOf('x'));
    const bytes = randomBytes(size);
    await attempt.write(bytes);
    azure.meanwhile = ({ operation }) => {
      if (operation === 'Rename File') for (const [path] of tree.files()) tree.drop(path.split('/'));
    };
    assert.deepEqual(await attempt.put('x', aboutOf(bytes), undefined), { status: 'changed' });
    await assert.rejects(attempt.put('x', aboutOf(bytes), undefined), said('transient', 'write-lost'));
    azure.meanwhile = undefined;
    assert.deepEqual(pathsOf(tree), []);
  }
});

test("what was put is nobody's to put or discard again", async () => {
  const { store, tree } = openEmpty(azure);
  const attempt = await store.begin(keyOf('x'));
  await attempt.write(Buffer.from('x'));
  assert.equal((await attempt.put('x', aboutOf('x'), undefined)).status, 'put');
  azure.log.length = 0;
  await attempt.discard();
  await assert.rejects(attempt.put('y', aboutOf('x'), undefined), /has ended/);
  assert.deepEqual([azure.log, pathsOf(tree)], [[], ['x']]);
});

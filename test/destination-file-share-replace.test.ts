import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  aboutOf,
  keyOf,
  once,
  openAgain,
  openEmpty,
  pathsOf,
  putText,
  said,
  textAt,
} from './destination-file-share-support.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import { plantFile } from './support/file-places.ts';

const azure = new AzureFiles();
before(() => azure.start());
after(() => azure.stop());
beforeEach(() => azure.reset());

test('whatever comes in between at whichever request of a replacement, nobody overwrites what they did not see', async () => {
  for (let at = 1, reached = true; reached; at++) {
    const { store, tree } = openEmpty(azure);
    await putText(store, 'x', 'old');
    const before = await store.stat('x');
    const attempt = await store.begin(keyOf('x'));
    await attempt.write(Buffer.from('mine'));
    let count = 0;
    let other: Promise<{ status: string }> | undefined;
    azure.meanwhile = () => {
      if (other === undefined && ++count === at) other = putIfOld();
    };
    const putIfOld = async () => {
      const theirs = await store.begin(keyOf('x'));
      await theirs.write(Buffer.from('theirs'));
      return theirs.put('x', aboutOf('theirs'), before);
    };
    const results: string[] = [(await attempt.put('x', aboutOf('mine'), before)).status];
    reached = other !== undefined;
    if (other !== undefined) results.push((await other).status);
    assert.equal(results.filter((status) => status === 'put').length, 1, `request ${at}: ${results}`);
    assert.equal(textAt(tree, 'x'), results[0] === 'put' ? 'mine' : 'theirs');
    assert.ok(!reached || at < 50);
  }
});

test('a file that somebody else changes through SMB right before it is replaced stays', async () => {
  const { store, tree } = openEmpty(azure);
  await putText(store, 'x', 'old');
  azure.meanwhile = ({ operation }) => {
    if (operation !== 'Lease File') return;
    azure.meanwhile = undefined;
    plantFile(tree, 'x', 'saved by a person');
  };
  assert.deepEqual(await putText(store, 'x', 'new', true), { status: 'changed' });
  assert.equal(textAt(tree, 'x'), 'saved by a person');
});

test('a file that is written to in place after it was looked at stays', async () => {
  const { store, tree } = openEmpty(azure);
  await putText(store, 'x', 'old');
  const file = tree.find(['x']);
  assert.ok(file?.kind === 'file');
  azure.meanwhile = ({ operation }) => {
    if (operation !== 'Rename File' && operation !== 'Lease File') return;
    azure.meanwhile = undefined;
    file.bytes = Buffer.from('odd');
    tree.touch(file, { content: true });
  };
  assert.deepEqual(await putText(store, 'x', 'new', true), { status: 'changed' });
  assert.equal(textAt(tree, 'x'), 'odd');
});

test('a name that is taken right before the file gets it stays with who took it', async () => {
  const { store, tree } = openEmpty(azure);
  azure.meanwhile = ({ operation }) => {
    if (operation === 'Rename File') plantFile(tree, 'X', 'theirs');
  };
  assert.deepEqual(await putText(store, 'x', 'mine'), { status: 'changed' });
  assert.deepEqual([pathsOf(tree), textAt(tree, 'X')], [['X'], 'theirs']);
});

test('a lease that a dead process left is broken, one of a live process is waited for', async () => {
  for (const leaseSurvives of [false, true]) {
    azure.habits = { ...azure.habits, leaseSurvives };
    const { store, tree, share } = openEmpty(azure);
    await putText(store, 'x', 'old');
    const file = tree.find(['x']);
    assert.ok(file?.kind === 'file');
    file.lease = { id: 'of a dead process', state: 'leased' };
    assert.equal((await putText(store, 'x', 'new', true)).status, 'put');
    const now = tree.find(['x']);
    assert.ok(now?.kind === 'file' && now.bytes.toString() === 'new');
    assert.notEqual(now.lease?.state, 'leased');
    now.lease = { id: 'of a live one', state: 'leased' };
    const patient = openAgain(azure, share, { patienceMs: 60_000 });
    setTimeout(() => {
      now.lease = undefined;
    }, 100);
    const { tag } = (await patient.stat('x')) ?? assert.fail('gone');
    assert.equal(await patient.remove('x', tag), true);
    assert.deepEqual(pathsOf(tree), []);
  }
});

test('a holder whose lease was broken changes nothing any more', async () => {
  const { store, tree } = openEmpty(azure);
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
  const { store, tree } = openEmpty(azure);
  const first = await putText(store, 'x', 'one');
  const second = await putText(store, 'x', 'two', true);
  assert.ok(first.status === 'put' && second.status === 'put' && first.tag !== second.tag);
  assert.equal(await store.remove('x', first.tag), false);
  assert.equal(await store.remove('y', first.tag), false);
  assert.deepEqual(pathsOf(tree), ['x']);
  assert.equal(await store.remove('X', second.tag), true);
  assert.deepEqual(pathsOf(tree), []);
});

test('a file that an SMB client has open is not replaced, and a later repeat does it', async () => {
  const { store, tree } = openEmpty(azure);
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

test('a lease whose reply was lost does not stay', async () => {
  const { store, tree } = openEmpty(azure, { client: once });
  await putText(store, 'x', 'old');
  azure.faults.push({ operation: 'Lease File', when: 'after', how: 'drop' });
  await assert.rejects(putText(store, 'x', 'new', true), said('transient', 'storage-unreachable'));
  const file = tree.find(['x']);
  assert.ok(file?.kind === 'file' && file.lease === undefined);
  assert.equal((await putText(store, 'x', 'new', true)).status, 'put');
});

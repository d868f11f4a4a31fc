import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readCatalogItem } from '../shared/destinations/file/catalog.ts';
import { DirectoryLock } from '../shared/destinations/file/directory-lock.ts';
import { openFileDestination } from '../shared/destinations/file/file-destination.ts';
import { openLocalStore } from '../shared/destinations/file/local-store.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { itemOf, openAt, storeIn } from './contract/file-place.ts';
import { assertSound } from './contract/file-scenarios.ts';
import { folderPlace } from './support/file-places.ts';
import { Interruption } from './support/interruption.ts';

const base = mkdtempSync(join(tmpdir(), 'destination-folder-'));
after(() => rmSync(base, { recursive: true, force: true }));

const writer = new URL('./support/file-writer.ts', import.meta.url).pathname;
const nodeArgs = ['--disable-warning=ExperimentalWarning', writer];

test('a disk that is full is a terminal failure that names destination and folder, and leaves nothing', () => {
  const folder = join(base, 'full');
  const settings = JSON.stringify({ folder, state: ':memory:', items: 1, bytes: 300_000 });
  const { stdout, stderr } = spawnSync('sh', [
    '-c',
    'ulimit -f 100 && exec "$0" "$@"',
    process.execPath,
    ...nodeArgs,
    settings,
  ]);
  assert.equal(stderr.toString(), '');
  const [kind, code, message] = JSON.parse(stdout.toString());
  assert.deepEqual([kind, code], ['terminal', 'disk-full']);
  assert.ok(message.includes(folder) && !message.includes('\n'), message);
  assert.deepEqual(readdirSync(folder, { recursive: true }), ['.incomplete']);
});

test('what stands in the way of the folder is said in one line', async () => {
  writeFileSync(join(base, 'a-file'), '');
  const state = openSqliteState(':memory:');
  const naming = { conflictHandling: 'AppendNumber', extension: 'guide' } as const;
  const at = (directory: string) =>
    openFileDestination({
      id: 'x',
      name: 'X',
      settings: naming,
      state,
      store: openLocalStore(directory),
      log: silentLog,
    });
  const said = (code: string) => (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code, error.message.includes('\n')], ['terminal', code, false]);
    return true;
  };
  await assert.rejects(at(join(base, 'a-file', 'deep')).check(), said('not-a-folder'));
  await assert.rejects(at('/proc/nothing-can-be-made-here').check(), (error) => error instanceof Failure);
  mkdirSync(join(base, 'taken', 'support.example.com-support-1.flv'), { recursive: true });
  const outcome = await storeIn(at(join(base, 'taken')), itemOf('1'), 'x');
  assert.ok(outcome.status === 'stored' && outcome.file.name === 'support.example.com-support-1.1.flv');
  await state.close();
});

test('leftovers of dead attempts go: of an item when it is written again, of others after a day', async () => {
  const place = await folderPlace();
  try {
    const incomplete = join(place.folder, '.incomplete');
    const attempts = () =>
      readdirSync(incomplete)
        .filter((name) => !name.startsWith('lock'))
        .sort();
    for (const key of ['a', 'b']) {
      const interruption = new Interruption('die', 'attempt.put');
      void storeIn(openAt(place, { interruption }), itemOf(key), `bytes of ${key}`);
      await interruption.reached;
    }
    const [one, two] = attempts();
    assert.ok(one && two && attempts().length === 2);
    // Young ones may be of somebody who is at work; the item's own are of no use once it is stored.
    await storeIn(openAt(place), itemOf('a'), 'bytes of a');
    assert.equal(attempts().length, 1);
    const [left = ''] = attempts();
    const yesterday = new Date(Date.now() - 25 * 3600_000);
    utimesSync(join(incomplete, left), yesterday, yesterday);
    writeFileSync(join(incomplete, 'not ours'), '');
    utimesSync(join(incomplete, 'not ours'), yesterday, yesterday);
    await storeIn(openAt(place), itemOf('c'), 'bytes of c');
    assert.deepEqual(attempts(), ['not ours']);
    await storeIn(openAt(place), itemOf('b'), 'bytes of b');
    assert.deepEqual([...(await place.list()).keys()].sort(), ['a.flv', 'b.flv', 'c.flv']);
  } finally {
    await place.end();
  }
});

test('an unfinished file that somebody removes is a transient failure, and the repeat stores it', async () => {
  const place = await folderPlace();
  try {
    const interruption = new Interruption('pause', 'attempt.put');
    const run = storeIn(openAt(place, { interruption }), itemOf('a'), 'bytes');
    await interruption.reached;
    const incomplete = join(place.folder, '.incomplete');
    for (const name of readdirSync(incomplete)) rmSync(join(incomplete, name));
    interruption.resume();
    await assert.rejects(
      run,
      (error) => error instanceof Failure && error.kind === 'transient' && error.code === 'write-lost',
    );
    assert.equal((await storeIn(openAt(place), itemOf('a'), 'bytes')).status, 'stored');
    await assertSound(place);
  } finally {
    await place.end();
  }
});

test('the lock of a folder is one for all processes, and its holder takes it along', async () => {
  const path = join(base, 'lock-file');
  const program = `
    import { DirectoryLock } from ${JSON.stringify(new URL('../shared/destinations/file/directory-lock.ts', import.meta.url).href)};
    new DirectoryLock(${JSON.stringify(path)}).run(() => {
      process.stdout.write('held\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
    });`;
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '-e',
    program,
  ]);
  await once(child.stdout, 'data');
  const started = Date.now();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = new DirectoryLock(path);
  assert.equal(
    lock.run(() => 'mine'),
    'mine',
  );
  assert.ok(Date.now() - started < 10_000);
  assert.throws(() => lock.run(() => assert.fail('the work failed')), /the work failed/);
  assert.equal(
    lock.run(() => 'still mine'),
    'still mine',
  );
  lock.close();
});

test('two processes that are killed and started again store every item once, whole', async () => {
  const folder = join(base, 'killed');
  const path = join(base, 'killed.db');
  const settings = JSON.stringify({ folder, state: path, items: 24, bytes: 30_000 });
  const start = () =>
    spawn(process.execPath, [...nodeArgs, settings], { stdio: ['ignore', 'pipe', 'inherit'] });
  for (let round = 0; round < 3; round++) {
    const children = [start(), start()];
    const ends = children.map((child) => once(child, 'exit'));
    await Promise.race(children.map((child) => once(child.stdout, 'data')));
    await delay(25 * round);
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ends);
  }
  const last = [start(), start()];
  const codes = await Promise.all(last.map(async (child) => (await once(child, 'exit'))[0]));
  assert.deepEqual(codes, [0, 0]);
  const state = openSqliteState(path);
  const names = readdirSync(folder)
    .filter((name) => name !== '.incomplete')
    .sort();
  const expected: string[] = [];
  for (let i = 0; i < 24; i++) {
    const row = await readCatalogItem(state, 'archive', `item ${i}`);
    assert.equal(row?.state, 'stored');
    expected.push(row.name);
    const content = readFileSync(join(folder, row.name), 'utf8');
    assert.ok(content === `item ${i};`.repeat(Math.ceil(30_000 / `item ${i};`.length)), row.name);
    // An attempt that was killed may have left its own name for the file; it is swept later.
    const { ino, nlink } = statSync(join(folder, row.name));
    const left = readdirSync(join(folder, '.incomplete')).filter(
      (name) => statSync(join(folder, '.incomplete', name)).ino === ino,
    );
    assert.equal(nlink, 1 + left.length);
  }
  assert.deepEqual(names, expected.sort());
  assert.ok(names.includes('pair-0.flv') && names.includes('pair-0.1.flv'));
  await state.close();
});

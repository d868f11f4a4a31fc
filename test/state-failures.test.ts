import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { openTableState } from '../shared/state/table-state.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-failures-'));
let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(async () => {
  await azurite?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const failure = (kind: string, code: string, said: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code]);
  assert.match(error.message, said);
  assert.ok(!error.message.includes('\n'));
  return true;
};

test('SQLite: a write is there after the process that awaited it is killed', async () => {
  const path = join(folder, 'killed.db');
  const module = new URL('../shared/state/sqlite-state.ts', import.meta.url).href;
  const program = `
    import { openSqliteState } from ${JSON.stringify(module)};
    const state = openSqliteState(${JSON.stringify(path)});
    for (let i = 0; ; i++) {
      await state.insert('runs', 'p', 'k' + String(i).padStart(6, '0'), i);
      await state.batch('runs', 'q', [{ op: 'put', key: 'a', value: i }, { op: 'put', key: 'b', value: i }]);
      process.stdout.write(i + '\\n');
    }`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.split('\n').length > 20) break;
  }
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  const acknowledged = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
  assert.ok(acknowledged >= 15);
  const state = openSqliteState(path);
  const { entries } = await state.list<number>('runs', 'p');
  assert.ok(entries.length > acknowledged, `${entries.length} rows, ${acknowledged} acknowledged`);
  assert.deepEqual(
    entries.map((entry) => entry.value),
    entries.map((_, i) => i),
  );
  const [a, b] = [await state.get<number>('runs', 'q', 'a'), await state.get<number>('runs', 'q', 'b')];
  assert.equal(a?.value, b?.value);
  assert.ok((a?.value ?? -1) >= acknowledged);
  await state.close();
});

test('SQLite: a full disk is a terminal failure that names the file, and what was stored stays', async () => {
  const path = join(folder, 'full.db');
  const state = openSqliteState(path, { maxPages: 20 });
  await state.insert('catalog', 'p', 'kept', 'v');
  const big = 'x'.repeat(60_000);
  const full = failure('terminal', 'disk-full', /full\.db/);
  await assert.rejects(
    state.batch('catalog', 'p', [
      { op: 'put', key: 'lost', value: 1 },
      { op: 'put', key: 'big1', value: big },
      { op: 'put', key: 'big2', value: big },
    ]),
    full,
  );
  assert.deepEqual(
    (await state.list('catalog', 'p')).entries.map((entry) => entry.key),
    ['kept'],
  );
  await state.insert('catalog', 'p', 'small', 'still works');
  await assert.rejects(async () => {
    for (let i = 0; i < 30; i++) await state.put('catalog', 'p', `k${i}`, 'y'.repeat(9_000));
  }, full);
  assert.equal((await state.get('catalog', 'p', 'small'))?.value, 'still works');
  await state.close();
});

test('SQLite: a file of something else, of a newer version or locked says so in one line', async () => {
  const other = join(folder, 'other.db');
  writeFileSync(other, 'this is not a database, it is a text of some length '.repeat(50));
  assert.throws(() => openSqliteState(other), failure('terminal', 'state-unusable', /other\.db/));
  const newer = join(folder, 'newer.db');
  await openSqliteState(newer).close();
  const database = new DatabaseSync(newer);
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => openSqliteState(newer), failure('terminal', 'state-newer', /newer\.db/));
  writeFileSync(join(folder, 'file'), '');
  assert.throws(
    () => openSqliteState(join(folder, 'file', 'x.db')),
    failure('terminal', 'not-a-folder', /x\.db/),
  );
});

test('SQLite: the file and its side files are for its owner alone', async () => {
  const path = join(folder, 'mode.db');
  const state = openSqliteState(path);
  await state.put('settings', 'p', 'k', 1);
  for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(path + suffix).mode & 0o077, 0);
  await state.close();
  await state.close();
});

/** Sends each request that changes something, then loses the reply of the first that `match` names. */
function losingReplies(match: (request: { method: string; url: string }) => boolean) {
  let lost = 0;
  const policy = {
    name: 'loseReply',
    async sendRequest(
      request: { method: string; url: string },
      next: (r: never) => Promise<never>,
    ): Promise<never> {
      const response = await next(request as never);
      if (lost === 0 && request.method !== 'GET' && match(request)) {
        lost++;
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', name: 'RestError' });
      }
      return response;
    },
  };
  const client = {
    retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 5 },
    additionalPolicies: [{ policy, position: 'perRetry' as const }],
  };
  return {
    state: openTableState({ connectionString: azurite.connectionString, prefix: 'losing', client }),
    lost: () => lost,
  };
}

test('Azure Table: a write whose reply was lost is not taken for the conflict of another', async () => {
  const insert = losingReplies((request) => request.method === 'POST' && request.url.includes('Catalog'));
  const etag = await insert.state.insert('catalog', 'p', 'k', 1);
  assert.equal(insert.lost(), 1);
  const update = losingReplies((request) => request.method === 'PUT');
  const next = await update.state.update('catalog', 'p', 'k', 2, etag);
  assert.equal(update.lost(), 1);
  const batch = losingReplies((request) => request.url.includes('$batch'));
  await batch.state.batch('catalog', 'p', [
    { op: 'update', key: 'k', value: 3, etag: next },
    { op: 'insert', key: 'l', value: 4 },
  ]);
  assert.equal(batch.lost(), 1);
  assert.equal((await insert.state.get('catalog', 'p', 'k'))?.value, 3);
  assert.equal((await insert.state.get('catalog', 'p', 'l'))?.value, 4);
});

test('Azure Table: what fails is said in one line, without the key', async () => {
  const refusing = openTableState({
    connectionString: azurite.connectionString.replace(/AccountKey=[^;]*/, 'AccountKey=bm90IHRoZSBrZXk='),
    prefix: 'refused',
  });
  await assert.rejects(refusing.get('catalog', 'p', 'k'), failure('terminal', 'no-access', /table storage/));
  const away = openTableState({
    connectionString: azurite.connectionString.replace(
      /TableEndpoint=[^;]*/,
      'TableEndpoint=http://127.0.0.1:9/devstoreaccount1',
    ),
    prefix: 'away',
    client: { retryOptions: { maxRetries: 0 } },
  });
  await assert.rejects(
    away.get('catalog', 'p', 'k'),
    failure('transient', 'storage-unreachable', /table storage/),
  );
});

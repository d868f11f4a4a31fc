import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { sqliteFailure } from '../shared/destinations/sql/sqlite-failure.ts';
import { Failure, type FailureKind } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { event, numbered, rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import { databasePath, openAt, script, sql } from './destination-sql-support.ts';

function failure(kind: FailureKind, code: string, ...named: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], [kind, code]);
    assert.doesNotMatch(error.message, /\n/);
    for (const part of ['"Reports"', ...named])
      assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
    return true;
  };
}

test('settings that are no good are refused in one line that names them', async () => {
  const open = (settings: object) =>
    openSqlDestination({ id: 'sql', name: 'Reports', log: silentLog, settings: settings as never });
  const cases: [object, ...string[]][] = [
    [{}, 'kind'],
    [{ kind: 'oracle', path: '/tmp/x.db' }, 'kind'],
    [{ kind: 'sqlite' }, 'path'],
    [{ kind: 'sqlite', path: '' }, 'path'],
    [{ kind: 'sqlite', path: ':memory:' }, 'path', 'memory'],
    [{ kind: 'sqlite', path: 'file:x.db?mode=memory' }, 'path', 'URI'],
    [{ kind: 'sqlite', path: '\\\\server\\share\\x.db' }, 'path', 'network'],
    [{ kind: 'sqlite', path: '/tmp/folder/' }, 'path', 'folder'],
    [{ kind: 'sqlite', path: '/tmp/x\0.db' }, 'path', 'NUL'],
    [{ kind: 'sqlite', path: 'x.db', storeSystemInformation: 'yes' }, 'storeSystemInformation'],
    [{ kind: 'sqlite', path: 'x.db', storeSystemInfo: true }, 'storeSystemInfo'],
  ];
  for (const [settings, ...named] of cases)
    await assert.rejects(open(settings), failure('terminal', 'bad-setting', ...named));
});

test('opening touches nothing; the database is made by the first use, its folder with it', async (context) => {
  const path = join(databasePath(context), 'deeper.db');
  const { sink } = await openAt(context, path);
  assert.throws(() => readFileSync(path), { code: 'ENOENT' });
  await sink.store(rsOrigin, [version(rsSession)]);
  assert.equal(sql(path, 'PRAGMA journal_mode')[0]?.journal_mode, 'wal');
  assert.deepEqual(sql(path, 'SELECT step FROM ic_schema'), [{ step: 1 }, { step: 2 }]);
});

test('a folder that cannot be made, or a folder in place of the file, stops with a clear line', async (context) => {
  const path = databasePath(context);
  const far = join(path, 'a', 'b.db');
  const { sink } = await openAt(context, far);
  await assert.rejects(
    sink.store(rsOrigin, [version(rsSession)]),
    failure('terminal', 'database-not-writable', join(path, 'a')),
  );
  mkdirSync(path);
  const { destination } = await openAt(context, path);
  await assert.rejects(destination.check(), failure('terminal', 'database-not-writable', path));
});

test('a file that is no database is refused and left as it is', async (context) => {
  const path = databasePath(context);
  const text = 'lines of a log\n'.repeat(500);
  writeFileSync(path, text);
  const { sink, destination } = await openAt(context, path);
  await assert.rejects(
    sink.store(rsOrigin, [version(rsSession)]),
    failure('terminal', 'not-a-database', path),
  );
  await assert.rejects(destination.check(), failure('terminal', 'not-a-database', path));
  assert.equal(readFileSync(path, 'utf8'), text);
});

test('a database that may not be written is terminal', (context) => {
  const path = databasePath(context);
  script(path, 'CREATE TABLE t (a)');
  const database = new DatabaseSync(path, { readOnly: true });
  context.after(() => database.close());
  assert.throws(
    () => database.exec('INSERT INTO t VALUES (1)'),
    (error) => failure('terminal', 'database-not-writable', path)(sqliteFailure(error, 'Reports', path)),
  );
});

test('a full disk is terminal, names the file, stores nothing of the batch and spoils nothing', async (context) => {
  const path = databasePath(context);
  const small = await openAt(context, path, { maxPages: 80 });
  await small.sink.store(rsOrigin, [version(rsSession)]);
  const large = numbered(7);
  const batch = [
    version(numbered(1)),
    version({ ...large, events: [event([['body', 'x'.repeat(400_000)]])] }),
    version({ ...rsSession, externalKey: 'later' }, { hash: 'h2', readAt: 1_770_000_000 }),
  ];
  await assert.rejects(small.sink.store(rsOrigin, batch), failure('terminal', 'disk-full', path));
  assert.deepEqual(sql(path, 'SELECT external_key FROM session'), [{ external_key: 'INC0098900' }]);
  assert.equal(sql(path, 'SELECT count(*) n FROM session_event')[0]?.n, rsSession.events.length);
  const [outcome] = await small.sink.store(rsOrigin, [version(numbered(1))]);
  assert.equal(outcome?.status, 'stored', 'the connection is still good for what fits');
  const roomy = await openAt(context, path);
  const outcomes = await roomy.sink.store(rsOrigin, batch);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['unchanged', 'stored', 'replaced'],
  );
});

test('a check meets a full disk too', async (context) => {
  const path = databasePath(context);
  await (await openAt(context, path)).sink.store(rsOrigin, [version(rsSession)]);
  const pages = Number(sql(path, 'PRAGMA page_count')[0]?.page_count);
  const { destination } = await openAt(context, path, { maxPages: pages });
  await assert.rejects(destination.check(), failure('terminal', 'disk-full', path));
});

test('a database that another program holds is transient, and waited for before that', async (context) => {
  const path = databasePath(context);
  const first = await openAt(context, path, { patienceMs: 300 });
  await first.sink.store(rsOrigin, [version(rsSession)]);
  const other = new DatabaseSync(path);
  context.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  let beats = 0;
  const heart = setInterval(() => beats++, 10);
  await assert.rejects(
    first.sink.store(rsOrigin, [version(numbered(1))]),
    failure('transient', 'database-busy', path),
  );
  clearInterval(heart);
  assert.ok(beats >= 1, 'the process goes on while it waits');
  const patient = await openAt(context, path);
  const waiting = patient.sink.store(rsOrigin, [version(numbered(1))]);
  setTimeout(() => other.exec('COMMIT'), 200);
  assert.deepEqual(await waiting, [{ status: 'stored' }]);
});

test('sessions that the database refuses are found by halving; all others are stored', async (context) => {
  const path = databasePath(context);
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(numbered(1000))]);
  script(
    path,
    `CREATE TRIGGER refuse_some BEFORE INSERT ON session_event_data WHEN new.value LIKE 'bad%'
     BEGIN SELECT RAISE(ABORT, 'no such values here'); END`,
  );
  const bad = new Set([0, 17, 18, 99]);
  const batch = Array.from({ length: 100 }, (_, index) =>
    version(bad.has(index) ? { ...numbered(index), events: [event([['body', 'bad']])] } : numbered(index)),
  );
  const outcomes = await sink.store(rsOrigin, batch);
  for (const [index, { status, reason }] of outcomes.entries()) {
    assert.equal(status, bad.has(index) ? 'rejected' : 'stored', String(index));
    if (bad.has(index)) assert.match(reason ?? '', /no such values here/);
  }
  assert.equal(sql(path, 'SELECT count(*) n FROM session')[0]?.n, 97);
  assert.equal(sql(path, 'SELECT count(*) n FROM session_event_data')[0]?.n, 97 * 10);
});

test('a rejected new reading leaves the stored session as it was', async (context) => {
  const path = databasePath(context);
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(rsSession)]);
  script(path, `CREATE TRIGGER refuse BEFORE INSERT ON team BEGIN SELECT RAISE(ABORT, 'no teams'); END`);
  const before = sql(path, 'SELECT * FROM session_event');
  const [outcome] = await sink.store(rsOrigin, [version(rsSession, { hash: 'h2', readAt: 1_770_000_000 })]);
  assert.equal(outcome?.status, 'rejected');
  assert.deepEqual(sql(path, 'SELECT * FROM session_event'), before);
  assert.deepEqual(sql(path, 'SELECT content_hash FROM ic_session'), [{ content_hash: 'h1' }]);
});

test('a check of a database that refuses sessions says so', async (context) => {
  const path = databasePath(context);
  const { destination } = await openAt(context, path);
  await destination.check();
  script(path, `CREATE TRIGGER refuse BEFORE INSERT ON team BEGIN SELECT RAISE(ABORT, 'no teams'); END`);
  await assert.rejects(destination.check(), failure('terminal', 'database-refuses', 'no teams'));
});

test('a database file that was taken away is made anew rather than written into the void', async (context) => {
  const path = databasePath(context);
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(rsSession)]);
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  assert.deepEqual(await sink.store(rsOrigin, [version(rsSession)]), [{ status: 'stored' }]);
  assert.equal(sql(path, 'SELECT count(*) n FROM session')[0]?.n, 1);
});

test('a database made by a newer version is left alone', async (context) => {
  const path = databasePath(context);
  const first = await openAt(context, path);
  await first.sink.store(rsOrigin, [version(rsSession)]);
  await first.destination.close();
  script(path, `INSERT INTO ic_schema VALUES (99, 'of the future', datetime())`);
  const later = await openAt(context, path);
  await assert.rejects(
    later.sink.store(rsOrigin, [version(rsSession)]),
    failure('terminal', 'newer-database', path),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../shared/log.ts';
import {
  numbered,
  praOrigin,
  praSession,
  rsOrigin,
  rsSession,
  version,
} from './contract/session-sink-fixtures.ts';
import { databasePath, openAt, script, sql } from './destination-sql-support.ts';

/** A database of the guides' tables by another program: no keys that cascade, no indexes, no Jump Group columns. */
const foreign = `
  CREATE TABLE session (id INTEGER PRIMARY KEY, lsid VARCHAR(32), type VARCHAR(50), start_time DATETIME,
    end_time DATETIME, duration VARCHAR(20), file_transfers INT, host_name VARCHAR(255), external_key TEXT,
    public_site_id INT, public_site_name TEXT, lseq BIGINT);
  CREATE TABLE session_event (id INTEGER PRIMARY KEY, session_id INT, type TEXT, event_time DATETIME,
    performed_by TEXT, performed_by_type TEXT, destination TEXT, destination_type TEXT);
  CREATE TABLE session_event_data (id INTEGER PRIMARY KEY, session_event_id INT, name TEXT, value TEXT);
  CREATE TABLE own_notes (session_id INT, note TEXT);
  INSERT INTO session (id, lsid, host_name, external_key, end_time) VALUES
    (41, '${rsSession.lsid}', 'support.example.com', 'old', '2025-10-10 11:52:34'),
    (42, 'elsewhere', 'support.example.com', 'left alone', NULL),
    (43, '${praSession.lsid}', 'access.example.com', 'first of two', NULL),
    (44, '${praSession.lsid}', 'access.example.com', 'second of two', NULL);
  INSERT INTO session_event (id, session_id, type) VALUES (7, 41, 'Session Start'), (8, 42, 'Session Start');
  INSERT INTO session_event_data VALUES (1, 7, 'old', 'x'), (2, 8, 'kept', 'y');
  INSERT INTO own_notes VALUES (41, 'a note');`;

const definitions = (path: string) =>
  sql(
    path,
    `SELECT name, sql FROM sqlite_schema WHERE name IN ('session', 'session_event', 'session_event_data')
    OR tbl_name IN ('session', 'session_event', 'session_event_data')`,
  );

test('existing tables are used as they stand and never altered; existing sessions are taken over', async (context) => {
  const path = databasePath(context);
  script(path, foreign);
  const before = definitions(path);
  const warnings: unknown[] = [];
  const log: Log = {
    debug() {},
    info() {},
    error() {},
    warn: (_, fields) => warnings.push(fields?.columns ?? fields?.found),
  };
  const { sink, destination } = await openAt(context, path, { log });
  await destination.check();
  assert.deepEqual(warnings, [
    'session has no column Jump_group_id: its values are left out',
    'session has no column Jump_group_name: its values are left out',
    'session has no column Jump_group_type: its values are left out',
    'sessions that stand there more than once: 1; of each the highest id is kept up to date',
    `access.example.com ${praSession.lsid}: 2 rows, 44 is kept up to date`,
    'session.Jump_group_id, session.Jump_group_name, session.Jump_group_type',
  ]);
  const outcomes = await sink.store(rsOrigin, [version(rsSession), version(numbered(5))]);
  assert.deepEqual(outcomes, [{ status: 'replaced' }, { status: 'stored' }]);
  assert.deepEqual(definitions(path), before);
  assert.deepEqual(sql(path, "SELECT id, external_key FROM session WHERE host_name LIKE 'support%'"), [
    { id: 41, external_key: 'INC0098900' },
    { id: 42, external_key: 'left alone' },
    { id: 45, external_key: 'INC0098900' },
  ]);
  const events = sql(path, 'SELECT session_id, count(*) n FROM session_event GROUP BY 1');
  assert.deepEqual(events, [
    { session_id: 41, n: 4 },
    { session_id: 42, n: 1 },
    { session_id: 45, n: 5 },
  ]);
  assert.deepEqual(sql(path, `SELECT value FROM session_event_data WHERE name IN ('old', 'kept')`), [
    { value: 'y' },
  ]);
  assert.equal(sql(path, 'SELECT count(*) n FROM own_notes')[0]?.n, 1);
  assert.equal(sql(path, 'SELECT count(*) n FROM "user"')[0]?.n, 2);
  assert.deepEqual(await sink.store(rsOrigin, [version(rsSession)]), [{ status: 'unchanged' }]);
  const newer = version(rsSession, { hash: 'h2', readAt: 1_770_000_000 });
  assert.deepEqual(await sink.store(rsOrigin, [newer]), [{ status: 'replaced' }]);
  assert.equal(sql(path, 'SELECT count(*) n FROM session_event WHERE session_id = 41')[0]?.n, 4);
  assert.equal(sql(path, 'SELECT count(*) n FROM session_event_data')[0]?.n, 3 + 1 + 10);
});

test('an open reading does not go over a closed session of another program', async (context) => {
  const path = databasePath(context);
  script(path, foreign);
  const { sink } = await openAt(context, path);
  const open = version({ ...rsSession, endTime: null });
  assert.deepEqual(await sink.store(rsOrigin, [open]), [{ status: 'older' }]);
  assert.deepEqual(sql(path, 'SELECT external_key FROM session WHERE id = 41'), [{ external_key: 'old' }]);
});

test('of a session that another program holds twice, the newest row is taken over and the other left', async (context) => {
  const path = databasePath(context);
  script(path, foreign);
  const { sink } = await openAt(context, path);
  assert.deepEqual(await sink.store(praOrigin, [version(praSession)]), [{ status: 'replaced' }]);
  assert.deepEqual(sql(path, `SELECT id, external_key FROM session WHERE host_name LIKE 'access%'`), [
    { id: 43, external_key: 'first of two' },
    { id: 44, external_key: '' },
  ]);
});

test('a session whose row another program removed or wrote anew is stored again, not doubled', async (context) => {
  const path = databasePath(context);
  script(path, foreign);
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(numbered(1)), version(numbered(2))]);
  script(
    path,
    `PRAGMA foreign_keys = OFF; DELETE FROM session WHERE id >= 45;
     INSERT INTO session (id, lsid, host_name) VALUES (45, '${numbered(2).lsid}', 'support.example.com'),
       (60, 'another', 'support.example.com')`,
  );
  assert.deepEqual(await sink.store(rsOrigin, [version(numbered(1))]), [{ status: 'stored' }]);
  const outcomes = await sink.store(rsOrigin, [version(numbered(2)), version(numbered(3))]);
  assert.deepEqual(outcomes, [{ status: 'replaced' }, { status: 'stored' }]);
  assert.equal(sql(path, 'SELECT count(*) n FROM session WHERE id >= 45')[0]?.n, 4);
  assert.deepEqual(
    sql(path, 'SELECT s.lsid = i.lsid AS same FROM ic_session i JOIN session s ON s.id = i.session_id'),
    [{ same: 1 }, { same: 1 }, { same: 1 }],
  );
});

test('a database with the PRA guide’s names as tables gets its rows there, and views under the other names', async (context) => {
  const path = databasePath(context);
  script(
    path,
    `CREATE TABLE "user" (id INTEGER PRIMARY KEY, session_id INT, user_name TEXT, display_name TEXT);
     CREATE TABLE Endpoint (id INTEGER PRIMARY KEY, session_id INT, display_name TEXT);
     CREATE TABLE customer (id INTEGER PRIMARY KEY, session_id INT, gs_number INT)`,
  );
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(rsSession)]);
  const person = [{ id: 1, session_id: 1, user_name: 'rimai', display_name: 'Rosa Imai (Desk 2)' }];
  assert.deepEqual(sql(path, 'SELECT * FROM "user"'), person);
  assert.deepEqual(sql(path, 'SELECT * FROM representative'), person);
  assert.deepEqual(sql(path, 'SELECT * FROM endpoint'), [
    { id: 1, session_id: 1, display_name: 'Pat Quill' },
  ]);
  assert.deepEqual(sql(path, 'SELECT * FROM customer'), [{ id: 1, session_id: 1, gs_number: 302 }]);
  await sink.store(rsOrigin, [version(rsSession, { hash: 'h2', readAt: 1_770_000_000 })]);
  assert.equal(sql(path, 'SELECT count(*) n FROM endpoint')[0]?.n, 1);
});

test('tables that merely have the same names are refused, and nothing is made beside them', async (context) => {
  const path = databasePath(context);
  script(path, 'CREATE TABLE session (token TEXT, expires INT); CREATE VIEW team AS SELECT 1 AS id');
  const { sink } = await openAt(context, path);
  await assert.rejects(sink.store(rsOrigin, [version(rsSession)]), {
    kind: 'terminal',
    code: 'unexpected-tables',
    message: /table session has no column id;.*no column lsid;.*team is a view/,
  });
  assert.equal(sql(path, 'SELECT count(*) n FROM sqlite_schema')[0]?.n, 2);
});

test('a table of ours that somebody dropped is made again', async (context) => {
  const path = databasePath(context);
  const first = await openAt(context, path);
  await first.sink.store(rsOrigin, [version(rsSession)]);
  await first.destination.close();
  script(path, 'DROP TABLE team; DROP VIEW endpoint');
  const later = await openAt(context, path);
  await later.sink.store(rsOrigin, [version(rsSession, { hash: 'h2', readAt: 1_770_000_000 })]);
  assert.equal(sql(path, 'SELECT count(*) n FROM team')[0]?.n, 2);
  assert.equal(sql(path, 'SELECT count(*) n FROM endpoint')[0]?.n, 1);
  script(path, 'DROP TABLE team');
  const newest = version(rsSession, { hash: 'h3', readAt: 1_780_000_000 });
  await assert.rejects(later.sink.store(rsOrigin, [newest]), { kind: 'transient', code: 'database-error' });
  assert.deepEqual(await later.sink.store(rsOrigin, [newest]), [{ status: 'replaced' }]);
  assert.equal(sql(path, 'SELECT count(*) n FROM team')[0]?.n, 2);
});

test('removing a session row removes all that hangs on it', async (context) => {
  const path = databasePath(context);
  const { sink } = await openAt(context, path);
  await sink.store(rsOrigin, [version(rsSession)]);
  script(path, 'DELETE FROM session');
  const tables = sql(path, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`);
  for (const { name } of tables)
    if (name !== 'ic_schema' && name !== 'ic_table')
      assert.equal(sql(path, `SELECT count(*) n FROM "${name}"`)[0]?.n, 0, String(name));
});

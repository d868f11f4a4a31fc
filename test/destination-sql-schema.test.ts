import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaScript } from '../shared/destinations/sql/print-schema.ts';
import type { Log } from '../shared/log.ts';
import { silentLog } from '../shared/log.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { praOrigin, praSession, rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import { destinationAt, placeFor, type SqlPlace, sqlKinds } from './destination-sql-places.ts';
import { script } from './destination-sql-support.ts';

/** The columns of the guides, copied from their chapter "SQL Server Storage Database". */
const guides: Readonly<Record<string, string>> = {
  session:
    'id lsid type start_time end_time duration file_transfers host_name external_key public_site_id public_site_name lseq Jump_group_id Jump_group_name Jump_group_type',
  session_event: 'id session_id type event_time performed_by performed_by_type destination destination_type',
  session_event_data: 'id session_event_id name value',
  system_information: 'id session_event_id category information',
  representative:
    'id gs_number session_id user_id user_name display_name public_display_name display_number public_ip private_ip is_owner is_primary duration host_name operating_system',
  customer:
    'id session_id gs_number issue issue_description display_name company_name company_code public_ip private_ip rpat_support host_name operating_system',
  team: 'id session_id team_id name is_primary',
  custom_attribute: 'id session_id display_name code_name value',
  user: 'id gs_number session_id user_id user_name display_name public_display_name display_number public_ip private_ip is_owner is_primary duration host_name operating_system',
  endpoint:
    'id session_id gs_number issue issue_description display_name company_name company_code public_ip private_ip rpat_support host_name operating_system',
};

async function runPrinted(place: SqlPlace): Promise<void> {
  if (place.kind === 'sqlite') return script(place.path, schemaScript('sqlite'));
  for (const batch of schemaScript('mssql', place.path).split(/^GO$/m))
    if (batch.trim() !== '') await place.query(batch);
}

async function columnsOf(place: SqlPlace, table: string): Promise<string> {
  const rows =
    place.kind === 'sqlite'
      ? await place.query(`PRAGMA table_info("${table}")`)
      : await place.query(
          `SELECT COLUMN_NAME AS name FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = '${place.path}' AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
        );
  return rows.map(({ name }) => name).join(' ');
}

async function objects(place: SqlPlace): Promise<string[]> {
  const rows =
    place.kind === 'sqlite'
      ? await place.query(`SELECT name FROM sqlite_schema WHERE type <> 'index' ORDER BY 1`)
      : await place.query(
          `SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '${place.path}' ORDER BY 1`,
        );
  return rows.map(({ name }) => String(name));
}

for (const kind of sqlKinds) {
  const { name, skip } = kind;

  test(`${name}: the printed schema has the guides' columns, may be run twice, and leaves nothing to make`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    await runPrinted(place);
    const made = await objects(place);
    await runPrinted(place);
    for (const [table, columns] of Object.entries(guides))
      assert.equal(await columnsOf(place, table), columns, table);
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, info: (text) => logged.push(text), warn: (text) => logged.push(text) };
    const destination = await destinationAt(context, place, { log });
    await destination.check();
    await sinkOf(destination).store(rsOrigin, [version(rsSession)]);
    assert.deepEqual(await objects(place), made);
    assert.deepEqual(logged, []);
  });

  test(`${name}: what the program makes by itself is what it prints`, { skip }, async (context) => {
    const [printed, own] = [await placeFor(context, kind), await placeFor(context, kind)];
    await runPrinted(printed);
    await (await destinationAt(context, own)).check();
    assert.deepEqual(await objects(own), await objects(printed));
    for (const table of await objects(own))
      if (!table.startsWith('sqlite_'))
        assert.equal(await columnsOf(own, table), await columnsOf(printed, table), table);
  });

  test(`${name}: views for people: sessions, timeline, totals by user and by day`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    await sink.store(rsOrigin, [version(rsSession)]);
    await sink.store(praOrigin, [version(praSession)]);
    await place.query(
      `INSERT INTO ${place.table('ic_file')} (host_name, lsid, stream, destination_id, item_hash, name, size, sha256, stored_at)
VALUES ('${rsOrigin.host}', '${rsSession.lsid}', 'session-recording', 'archive', 'k', 'a/b.flv', 5, 'x', '2026-01-01T00:00:00')`,
    );
    const rows = (view: string, order: string) =>
      place.query(`SELECT * FROM ${place.table(view)} ORDER BY ${order}`);
    const [rs, pra] = await rows('ic_session_overview', 'session_id');
    assert.deepEqual(
      [rs?.host_name, Number(rs?.seconds), rs?.representatives, rs?.customers, rs?.endpoints],
      [rsOrigin.host, 96_754, 'Rosa Imai (Desk 2)', 'Pat Quill', 'PC-4015'],
    );
    assert.deepEqual(String(rs?.teams).split(', ').toSorted(), ['Second Line', 'Service Desk']);
    assert.deepEqual(
      [rs?.event_count, rs?.file_count, rs?.file_move_count, rs?.file_delete_count].map(Number),
      [4, 1, 2, 1],
    );
    assert.deepEqual([rs?.files, rs?.jumpoint_name], ['a/b.flv', 'DC West']);
    assert.deepEqual(
      [pra?.seconds, pra?.teams, Number(pra?.file_count), Number(pra?.closed)],
      [null, null, 0, 0],
    );
    const timeline = await rows('ic_event_timeline', 'session_event_id');
    assert.deepEqual(
      timeline.map(({ type, performed_by, details }) => [type, performed_by, details]),
      [
        ['Session Start', null, null],
        ['Chat Message', 'Pat Quill', 'body=Hello'],
        ['System Information Retrieved', 'Remote Support', null],
        ['Show My Screen Recording', 'Rosa Imai', 'instance=0, url_count=2'],
      ],
    );
    const users = await rows('ic_user_totals', 'host_name');
    assert.deepEqual(
      users.map((row) => [
        row.host_name,
        ...[row.user_id, row.sessions, row.sessions_owned].map(Number),
        row.seconds === null ? null : Number(row.seconds),
      ]),
      [
        [praOrigin.host, 17, 1, 1, null],
        [rsOrigin.host, 5, 1, 1, 754],
      ],
    );
    const days = await rows('ic_day_totals', 'host_name');
    assert.deepEqual(
      days.map((row) => [String(row.day).slice(0, 10), Number(row.sessions), Number(row.without_end)]),
      [
        ['2025-10-09', 1, 1],
        ['2025-10-09', 1, 0],
      ],
    );
  });
}

test('the script for sqlcmd parts its batches by GO, and no batch but the views says CREATE VIEW first', () => {
  const text = schemaScript('mssql', 'ic');
  const batches = text.split(/^GO$/m).map((batch) => batch.trim());
  assert.equal(batches.at(-1), '');
  assert.match(batches[0] ?? '', /SET QUOTED_IDENTIFIER ON/);
  for (const batch of batches.slice(1, -1))
    assert.match(
      batch,
      /^IF NOT EXISTS \(SELECT 1 FROM [\s\S]+\n(CREATE TABLE|BEGIN\n {2}BEGIN TRY\n {4}CREATE INDEX|EXEC \(N'CREATE VIEW|INSERT INTO) /,
    );
  assert.match(text, /CREATE TABLE \[ic\]\.\[session\] \(\n {2}\[id\] bigint IDENTITY\(1, 1\)/);
  assert.match(text, /\[Jump_group_id\] bigint NULL/);
});

test('a database of the first version is brought up by steps, its rows unchanged', async (context) => {
  const [sqlite] = sqlKinds;
  assert.ok(sqlite);
  const place = await placeFor(context, sqlite);
  // As step 1 made them: no ic_table, no whole_values.
  script(
    place.path,
    `CREATE TABLE ic_schema (step INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at DATETIME NOT NULL);
     INSERT INTO ic_schema VALUES (1, 'tables', datetime());
     CREATE TABLE "session" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "lsid" TEXT NOT NULL, "type" TEXT,
       "start_time" DATETIME, "end_time" DATETIME, "duration" TEXT, "file_transfers" INTEGER, "host_name" TEXT NOT NULL,
       "external_key" TEXT, "public_site_id" INTEGER, "public_site_name" TEXT, "lseq" INTEGER,
       "Jump_group_id" INTEGER, "Jump_group_name" TEXT, "Jump_group_type" TEXT);
     CREATE TABLE ic_session (session_id INTEGER PRIMARY KEY REFERENCES "session" ("id") ON DELETE CASCADE,
       host_name TEXT NOT NULL, lsid TEXT NOT NULL, content_hash TEXT NOT NULL, stored_form TEXT NOT NULL,
       closed INTEGER NOT NULL, read_at INTEGER NOT NULL, stored_at DATETIME NOT NULL, site_id TEXT NOT NULL,
       appliance_id TEXT, api_version TEXT, jumpoint_id INTEGER, jumpoint_name TEXT,
       file_move_count INTEGER, file_delete_count INTEGER, UNIQUE (host_name, lsid));
     INSERT INTO session (id, lsid, host_name) VALUES (7, '${rsSession.lsid}', '${rsOrigin.host}');
     INSERT INTO ic_session VALUES (7, '${rsOrigin.host}', '${rsSession.lsid}', 'h1', '1+system-information', 1,
       1760100000, datetime(), 'support', NULL, NULL, NULL, NULL, NULL, NULL);`,
  );
  const sink = sinkOf(await destinationAt(context, place));
  assert.deepEqual(await sink.store(rsOrigin, [version(rsSession)]), [{ status: 'unchanged' }]);
  assert.deepEqual(await sink.store(rsOrigin, [version(rsSession, { hash: 'h2', readAt: 1_770_000_000 })]), [
    { status: 'replaced' },
  ]);
  const [row] = await place.query('SELECT session_id, whole_values FROM ic_session');
  assert.deepEqual(row, { session_id: 7, whole_values: null });
  assert.deepEqual(await place.query('SELECT step FROM ic_schema'), [{ step: 1 }, { step: 2 }]);
});

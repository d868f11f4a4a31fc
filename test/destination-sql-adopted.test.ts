import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examinationLines } from '../shared/destinations/sql/examine.ts';
import { examinationScript } from '../shared/destinations/sql/print-schema.ts';
import { openSqlDatabase } from '../shared/destinations/sql/sql-destination.ts';
import type { Log } from '../shared/log.ts';
import { silentLog } from '../shared/log.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { numbered, praSession, rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import {
  countIn,
  destinationAt,
  placeFor,
  rowsIn,
  type SqlPlace,
  sqlKinds,
} from './destination-sql-places.ts';

const host = rsOrigin.host;

/**
 * A database as the Windows client leaves it: the guides' tables with no keys between them, narrow columns of one
 * code page, no Jump Group columns; one session twice.
 */
async function madeByWindowsClient(place: SqlPlace): Promise<void> {
  const id = place.kind === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'int IDENTITY(1, 1) NOT NULL PRIMARY KEY';
  const tables = {
    session: `id ${id}, lsid varchar(32), type varchar(20), start_time datetime, end_time datetime,
      duration varchar(12), file_transfers int, host_name varchar(100), external_key varchar(20),
      public_site_id int, public_site_name nvarchar(50), lseq int`,
    session_event: `id ${id}, session_id int, type varchar(50), event_time datetime, performed_by nvarchar(10),
      performed_by_type varchar(20), destination nvarchar(50), destination_type varchar(20)`,
    session_event_data: `id ${id}, session_event_id int, name varchar(50), value nvarchar(30)`,
    system_information: `id ${id}, session_event_id int, category nvarchar(50), information nvarchar(2000)`,
    representative: `id ${id}, gs_number int, session_id int, user_id int, user_name nvarchar(50),
      display_name nvarchar(50), public_display_name nvarchar(50), display_number int, public_ip varchar(50),
      private_ip varchar(50), is_owner int, is_primary int, duration int, host_name nvarchar(50),
      operating_system nvarchar(50)`,
    customer: `id ${id}, session_id int, gs_number int, issue int, issue_description nvarchar(200),
      display_name nvarchar(50), company_name nvarchar(50), company_code nvarchar(50), public_ip varchar(50),
      private_ip varchar(50), rpat_support int, host_name nvarchar(50), operating_system nvarchar(50)`,
    team: `id ${id}, session_id int, team_id int, name nvarchar(50), is_primary int`,
    custom_attribute: `id ${id}, session_id int, display_name nvarchar(50), code_name nvarchar(50), value nvarchar(50)`,
  };
  for (const [name, columns] of Object.entries(tables))
    await place.query(`CREATE TABLE ${place.table(name)} (${columns})`);
  await oldInsert(place, rsSession.lsid, 'first of two');
  await oldInsert(place, 'elsewhere', 'left alone');
  await oldInsert(place, rsSession.lsid, 'second of two');
}

/** As the old client inserts: it names no id and knows nothing of our tables. */
async function oldInsert(place: SqlPlace, lsid: string, key: string): Promise<void> {
  await place.query(
    `INSERT INTO ${place.table('session')} (lsid, type, start_time, host_name, external_key, lseq)
VALUES ('${lsid}', 'support', '2025-10-09T09:00:00', '${host}', '${key}', 1)`,
  );
  const [row] = await place.query(`SELECT MAX(id) AS id FROM ${place.table('session')}`);
  await place.query(
    `INSERT INTO ${place.table('session_event')} (session_id, type) VALUES (${row?.id}, 'Session Start')`,
  );
}

const guideNames = [
  'session',
  'session_event',
  'session_event_data',
  'system_information',
  'representative',
  'customer',
  'team',
  'custom_attribute',
];

/** All that the catalogue says of the guides' tables: columns, keys, indexes. */
async function definitions(place: SqlPlace): Promise<unknown> {
  const names = guideNames.map((name) => `'${name}'`).join(', ');
  if (place.kind === 'sqlite')
    return place.query(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name IN (${names}) ORDER BY 1, 2`,
    );
  const schema = `'${place.path}'`;
  const columns = await place.query(
    `SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, COLLATION_NAME
FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME IN (${names}) ORDER BY 1, 3`,
  );
  const constraints = await place.query(
    `SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS
WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME IN (${names}) ORDER BY 1, 2`,
  );
  const indexes = await place.query(
    `SELECT t.name AS t, i.name AS i FROM sys.indexes i JOIN sys.tables t ON t.object_id = i.object_id
JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = ${schema} AND t.name IN (${names}) ORDER BY 1, 2`,
  );
  const references = await place.query(
    `SELECT f.name FROM sys.foreign_keys f JOIN sys.tables t ON t.object_id = f.referenced_object_id
JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = ${schema} AND t.name IN (${names})`,
  );
  assert.ok(columns.length > 60);
  return { columns, constraints, indexes, references };
}

const long = 'A name far longer than the column, in 日本語';
const changed = {
  ...rsSession,
  externalKey: 'INC-with-a-key-longer-than-20',
  events: rsSession.events.map((event) => ({
    ...event,
    performedBy: { type: 'customer', gsNumber: '302', name: long },
  })),
};

for (const kind of sqlKinds) {
  const { name, skip } = kind;

  test(`${name}: a database of the Windows client is used and never altered, its sessions are taken over`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    await madeByWindowsClient(place);
    const before = await definitions(place);
    const found: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (_, fields) => {
        if (typeof fields?.found === 'string') found.push(fields.found);
      },
    };
    const destination = await destinationAt(context, place, { log });
    await destination.check();
    assert.ok(found.includes('session has no column Jump_group_id: its values are left out'));
    assert.ok(
      found.includes(
        'sessions that stand there more than once: 1; of each the highest id is kept up to date',
      ),
    );
    assert.ok(found.includes(`${host} ${rsSession.lsid}: 2 rows, 3 is kept up to date`));
    const sink = sinkOf(destination);
    const outcomes = await sink.store(rsOrigin, [version(rsSession), version(numbered(5))]);
    assert.deepEqual(outcomes, [{ status: 'replaced' }, { status: 'stored' }]);
    assert.deepEqual(await definitions(place), before);
    const ids = async () =>
      (await rowsIn(place, 'session')).map((row) => [row.id, row.lsid, row.external_key]);
    // A check that was undone may have used an id up.
    const added = Number((await ids()).at(-1)?.[0]);
    assert.deepEqual(await ids(), [
      [1, rsSession.lsid, 'first of two'],
      [2, 'elsewhere', 'left alone'],
      [3, rsSession.lsid, 'INC0098900'],
      [added, numbered(5).lsid, 'INC0098900'],
    ]);
    assert.ok(added > 3);
    const events = await place.query(
      `SELECT session_id AS s, COUNT(*) AS n FROM ${place.table('session_event')} GROUP BY session_id ORDER BY 1`,
    );
    assert.deepEqual(
      events.map(({ s, n }) => [Number(s), Number(n)]),
      [
        [1, 1],
        [2, 1],
        [3, 4],
        [added, 5],
      ],
    );
    // Both clients side by side.
    await oldInsert(place, praSession.lsid, 'by the old client');
    assert.deepEqual(await sink.store(rsOrigin, [version({ ...praSession, endTime: 1_760_000_500 })]), [
      { status: 'replaced' },
    ]);
    assert.deepEqual(await sink.store(rsOrigin, [version(rsSession)]), [{ status: 'unchanged' }]);
    assert.deepEqual((await ids()).at(-1)?.slice(1), [praSession.lsid, '']);
    assert.equal(await countIn(place, 'session'), 5);
    assert.equal(await countIn(place, 'user'), 4);
    assert.equal(await countIn(place, 'ic_session_overview'), 5);
    assert.deepEqual(await definitions(place), before);
  });

  test(`${name}: what a narrow column cannot hold is cut there and kept whole, and written anew once it is widened`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    await madeByWindowsClient(place);
    const sink = sinkOf(await destinationAt(context, place));
    assert.deepEqual(await sink.store(rsOrigin, [version(changed)]), [{ status: 'replaced' }]);
    assert.deepEqual(await sink.store(rsOrigin, [version(changed)]), [{ status: 'unchanged' }]);
    const [notes] = await rowsIn(place, 'ic_session');
    const [event] = (await rowsIn(place, 'session_event')).filter((row) => row.session_id === 3);
    const [session] = (await rowsIn(place, 'session')).filter((row) => row.id === 3);
    if (place.kind === 'sqlite') {
      // SQLite enforces no length: nothing was cut.
      assert.equal(notes?.whole_values, null);
      assert.deepEqual([event?.performed_by, session?.external_key], [long, changed.externalKey]);
      return;
    }
    assert.deepEqual([event?.performed_by, session?.external_key], ['A name far', 'INC-with-a-key-longe']);
    const whole = JSON.parse(String(notes?.whole_values)) as {
      table: string;
      row: number;
      column: string;
      value: string;
    }[];
    assert.deepEqual(
      whole.filter(({ column }) => column === 'performed_by').map(({ row, value }) => [row, value]),
      [0, 1, 2, 3].map((row) => [row, long]),
    );
    assert.deepEqual(
      whole.find(({ column }) => column === 'external_key'),
      { table: 'session', row: 0, column: 'external_key', value: changed.externalKey },
    );
    const database = await openSqlDatabase({
      id: 'sql',
      name: 'Reports',
      log: silentLog,
      settings: place.settings,
      secret: place.secret,
    });
    context.after(() => database.close());
    const examination = await database.examine();
    assert.ok(
      examinationLines(examination).some((line) => line.startsWith('session_event.performed_by holds 10')),
    );
    for (const batch of examinationScript('mssql', examination, place.path).split(/^GO$/m))
      if (batch.trim() !== '') await place.query(batch);
    assert.deepEqual((await database.examine()).narrow, []);
    const later = sinkOf(await destinationAt(context, place));
    assert.deepEqual(await later.store(rsOrigin, [version(changed)]), [{ status: 'replaced' }]);
    assert.equal((await rowsIn(place, 'ic_session'))[0]?.whole_values, null);
    const names = (await rowsIn(place, 'session_event')).filter((row) => row.session_id === 3);
    assert.deepEqual(
      names.map((row) => row.performed_by),
      [long, long, long, long],
    );
    assert.equal((await rowsIn(place, 'session')).find(({ id }) => id === 3)?.Jump_group_name, 'Kiosks');
  });
}

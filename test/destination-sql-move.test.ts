import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { moveDatabase } from '../shared/destinations/sql/move-database.ts';
import type { SqlDatabase } from '../shared/destinations/sql/sql-database.ts';
import { openSqlDatabase } from '../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../shared/log.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import {
  numbered,
  praOrigin,
  praSession,
  rsOrigin,
  rsSession,
  version,
} from './contract/session-sink-fixtures.ts';
import {
  countIn,
  destinationAt,
  makeSqlite,
  placeFor,
  rowsIn,
  type SqlPlace,
  sqlKinds,
} from './destination-sql-places.ts';
import { teamActivityXml } from './destination-sql-report-documents.ts';

const tables = [
  'session',
  'session_event',
  'session_event_data',
  'system_information',
  'representative',
  'customer',
  'team',
  'custom_attribute',
  'ic_session',
  'ic_report',
  'ic_team_event',
  'ic_team_event_data',
];

async function filled(context: TestContext, place: SqlPlace): Promise<void> {
  const destination = await destinationAt(context, place);
  const sink = sinkOf(destination);
  await sink.store(rsOrigin, [
    version(rsSession),
    ...Array.from({ length: 30 }, (_, i) => version(numbered(i))),
  ]);
  await sink.store(praOrigin, [version(praSession)]);
  // Ids with gaps, as years of use leave them.
  await sink.store(rsOrigin, [version(numbered(3, 2), { hash: 'h2', readAt: 1_770_000_000 })]);
  const begun = await destination.reports?.begin({
    origin: praOrigin,
    stream: 'team-activity',
    key: 'k',
    values: {},
  });
  assert.ok(begun?.status === 'write');
  await begun.write.write(Buffer.from(teamActivityXml));
  const sha256 = createHash('sha256').update(teamActivityXml).digest('hex');
  await begun.write.commit({ size: Buffer.byteLength(teamActivityXml), sha256, verified: 'end-tag' });
}

async function databaseAt(context: TestContext, place: SqlPlace): Promise<SqlDatabase> {
  const { settings, secret } = place;
  const database = await openSqlDatabase({ id: 'sql', name: 'Reports', log: silentLog, settings, secret });
  context.after(() => database.close());
  return database;
}

async function contents(place: SqlPlace): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const table of tables) all[table] = await rowsIn(place, table);
  return all;
}

/** Lets so many transactions through, then fails as a lost machine does. */
function cutOff(database: SqlDatabase, after: number): SqlDatabase {
  let left = after;
  return {
    read: (work) => database.read(work),
    examine: () => database.examine(),
    close: () => database.close(),
    write: (host, work) => {
      if (left-- <= 0) return Promise.reject(new Error('the lights went out'));
      return database.write(host, work);
    },
  };
}

for (const kind of sqlKinds) {
  const { name, skip } = kind;

  test(`a move from SQLite to ${name} and back goes on after each cut, and moves every row with its id`, {
    skip,
  }, async (context) => {
    const old = await placeFor(context, { name: 'SQLite', make: makeSqlite });
    await filled(context, old);
    const place = await placeFor(context, kind);
    const [from, to] = [await databaseAt(context, old), await databaseAt(context, place)];
    const options = { source: 'old', rowsAtOnce: 60 };
    let cuts = 0;
    for (let after = 1; ; after += 6) {
      try {
        const result = await moveDatabase(from, cutOff(to, after), options);
        assert.ok(result.complete, JSON.stringify(result));
        assert.ok(result.tables.every((table) => table.from === table.to));
        assert.deepEqual(
          result.tables.find(({ table }) => table === 'session'),
          { table: 'session', from: 32, to: 32 },
        );
        break;
      } catch (error) {
        assert.match(String(error), /the lights went out/);
        cuts++;
      }
    }
    assert.ok(cuts > 2);
    assert.deepEqual(await contents(place), await contents(old));
    assert.equal(await countIn(place, 'ic_move'), 0);
    // The new one goes on where the old one was: nothing is stored again, new ids do not meet old ones.
    const sink = sinkOf(await destinationAt(context, place));
    assert.deepEqual(await sink.store(rsOrigin, [version(rsSession), version(numbered(77))]), [
      { status: 'unchanged' },
      { status: 'stored' },
    ]);
    const back = await placeFor(context, { name: 'SQLite', make: makeSqlite });
    const last = await databaseAt(context, back);
    assert.ok((await moveDatabase(to, last, { source: 'new' })).complete);
    assert.deepEqual(await contents(back), await contents(place));
  });

  test(`a move into ${name} that holds rows, or rows of another move, is refused`, {
    skip,
  }, async (context) => {
    const old = await placeFor(context, { name: 'SQLite', make: makeSqlite });
    await filled(context, old);
    const place = await placeFor(context, kind);
    const [from, to] = [await databaseAt(context, old), await databaseAt(context, place)];
    await assert.rejects(moveDatabase(from, cutOff(to, 2), { source: 'old', rowsAtOnce: 60 }));
    await assert.rejects(moveDatabase(from, to, { source: 'another' }), {
      kind: 'terminal',
      code: 'not-empty',
    });
    assert.ok((await moveDatabase(from, to, { source: 'old' })).complete);
    await assert.rejects(moveDatabase(from, to, { source: 'old' }), {
      kind: 'terminal',
      code: 'not-empty',
      message: /32 rows in session/,
    });
  });
}

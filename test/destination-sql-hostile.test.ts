import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../shared/sessions/session.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { event, numbered, rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import { countIn, destinationAt, placeFor, rowsIn, sqlKinds } from './destination-sql-places.ts';

const attacks = [
  `'; DROP TABLE session; --`,
  `'); DELETE FROM session_event; --`,
  `" OR ""="`,
  `]; DROP TABLE [team]; --`,
  `\\'; SELECT 1; --`,
  `\u2019; DROP TABLE session; --`,
  '$(sqlcmd) `x` {{y}} %s ? :a @p1 @1 @@ROWCOUNT',
  '$[0] {"a":1} [[1,2]] null',
  'GO\nDROP TABLE session\nGO',
  `N'x' + CHAR(39) /* */ -- \u0001?`.replace('\u0001', ''),
];

/** Every text of a session holds the attack. */
function attacked(session: Session, lsid: string, text: string): Session {
  const replaced = JSON.parse(
    JSON.stringify(session, (key, value) => (typeof value === 'string' && !numeric.has(key) ? text : value)),
  ) as Session;
  return { ...replaced, lsid };
}
const numeric = new Set(['lseq', 'gsNumber', 'id', 'userId', 'issue']);

for (const kind of sqlKinds) {
  const { name, skip } = kind;

  test(`${name}: quoting attacks through every text column are text`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const safe = version(numbered(9_999));
    await sink.store(rsOrigin, [safe]);
    for (const [index, attack] of attacks.entries()) {
      const lsid = `${String(index).padStart(4, '0')}${attack}`.slice(0, 60);
      const session = attacked(rsSession, lsid, attack);
      const origin = { ...rsOrigin, siteId: attack, applianceId: attack, apiVersion: attack };
      assert.deepEqual(await sink.store(origin, [version(session)]), [{ status: 'stored' }], attack);
      const again = version(session, { hash: attack, readAt: 1_770_000_000 });
      assert.deepEqual(await sink.store(origin, [again]), [{ status: 'replaced' }], attack);
      assert.deepEqual(await sink.store(origin, [again]), [{ status: 'unchanged' }], attack);
    }
    const texts = {
      session: ['type', 'duration', 'external_key', 'public_site_name', 'Jump_group_name', 'Jump_group_type'],
      session_event: ['type', 'performed_by', 'performed_by_type', 'destination', 'destination_type'],
      session_event_data: ['name', 'value'],
      system_information: ['category', 'information'],
      representative: ['user_name', 'display_name', 'public_display_name', 'public_ip', 'private_ip'],
      customer: ['issue_description', 'display_name', 'company_name', 'company_code', 'host_name'],
      team: ['name'],
      custom_attribute: ['display_name', 'code_name', 'value'],
      ic_session: ['jumpoint_name', 'content_hash', 'site_id', 'appliance_id', 'api_version'],
    };
    for (const [table, columns] of Object.entries(texts)) {
      const rows = await rowsIn(place, table);
      for (const column of columns) {
        const found = new Set(rows.map((row) => row[column]));
        for (const attack of attacks) assert.ok(found.has(attack), `${table}.${column}: ${attack}`);
      }
    }
    assert.equal(await countIn(place, 'session'), attacks.length + 1);
    assert.equal(await countIn(place, 'session_event'), attacks.length * rsSession.events.length + 5);
    assert.deepEqual(await sink.store(rsOrigin, [safe]), [{ status: 'unchanged' }]);
  });

  test(`${name}: a host name that is an attack is a host name`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const origin = { ...rsOrigin, host: attacks[0] ?? '' };
    assert.deepEqual(await sink.store(origin, [version(rsSession)]), [{ status: 'stored' }]);
    assert.equal((await rowsIn(place, 'session'))[0]?.host_name, attacks[0]);
  });

  test(`${name}: a chat message of a million characters is stored whole`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const body = 'Grüße, 日本語 😀 '.repeat(80_000).slice(0, 999_999);
    assert.ok(body.length >= 999_999 && body.isWellFormed());
    const session = { ...numbered(1), events: [event([['body', `${body}!`]])] };
    assert.deepEqual(await sink.store(rsOrigin, [version(session)]), [{ status: 'stored' }]);
    const [row] = await rowsIn(place, 'session_event_data');
    assert.equal(row?.value === `${body}!`, true, 'as it was sent');
  });

  test(`${name}: a session of 50,000 events is stored in their order`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const events = 50_000;
    const large = version(numbered(1, events));
    const small = version(numbered(2));
    const statuses = (await sink.store(rsOrigin, [large, small])).map(({ status }) => status);
    assert.deepEqual(statuses, ['stored', 'stored']);
    assert.equal(await countIn(place, 'session_event'), events + 5);
    assert.equal(await countIn(place, 'session_event_data'), 2 * (events + 5));
    const [e, d] = [place.table('session_event'), place.table('session_event_data')];
    const [out] = await place.query(
      `SELECT COUNT(*) AS n FROM ${d} a JOIN ${d} b ON b.id = a.id + 2 JOIN ${e} x ON x.id = a.session_event_id
JOIN ${e} y ON y.id = b.session_event_id WHERE x.session_id = y.session_id AND a.name = 'size' AND b.name = 'size'
AND CAST(b.value AS integer) <> CAST(a.value AS integer) + 1`,
    );
    assert.equal(Number(out?.n), 0);
    const again = version(numbered(1, 3), { hash: 'h2', readAt: 1_770_000_000 });
    assert.deepEqual(await sink.store(rsOrigin, [again]), [{ status: 'replaced' }]);
    assert.equal(await countIn(place, 'session_event_data'), 2 * (3 + 5));
  });

  test(`${name}: sessions that the database refuses are found by halving, all others stored`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    await sink.store(rsOrigin, [version(numbered(100))]);
    const table = place.table('session_event_data');
    await place.query(
      place.kind === 'mssql'
        ? `ALTER TABLE ${table} ADD CONSTRAINT no_such_values CHECK (name <> 'bad')`
        : `CREATE TRIGGER no_such_values BEFORE INSERT ON ${table} WHEN new.name = 'bad' BEGIN SELECT RAISE(ABORT, 'no_such_values'); END`,
    );
    const bad = new Set([3, 4, 11]);
    const batch = Array.from({ length: 12 }, (_, index) =>
      version(bad.has(index) ? { ...numbered(index), events: [event([['bad', 'x']])] } : numbered(index)),
    );
    const outcomes = await sink.store(rsOrigin, batch);
    for (const [index, { status, reason }] of outcomes.entries()) {
      assert.equal(status, bad.has(index) ? 'rejected' : 'stored', String(index));
      if (bad.has(index))
        assert.match(reason ?? '', /^destination "Reports": the database refuses it \(.*no_such_values/);
    }
    assert.equal(await countIn(place, 'session'), 10);
    assert.equal(await countIn(place, 'session_event_data'), 10 * 10);
    assert.equal(await countIn(place, 'ic_session'), 10);
  });

  test(`${name}: NUL and half surrogates reject that session, say where and what to do, and leave nothing`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const bad = ['a\0b', 'half \ud800', '\udc00 half'];
    const batch = bad.map((text, index) =>
      version({ ...numbered(index), events: [event([['body', 'fine']]), event([['body', text]])] }),
    );
    const outcomes = await sink.store(rsOrigin, [...batch, version(numbered(7))]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected', 'stored'],
    );
    for (const { reason } of outcomes.slice(0, 3))
      assert.match(
        reason ?? '',
        /^destination "Reports": session_event_data\.value .*a file destination keeps/,
      );
    assert.equal(await countIn(place, 'session'), 1);
    assert.equal(await countIn(place, 'session_event'), 5);
  });
}

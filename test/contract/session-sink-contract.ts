import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { Destination, SessionSink } from '../../shared/destinations/destination.ts';
import * as fixture from './session-sink-fixtures.ts';
import { expectedRows } from './session-sink-rows.ts';

export interface SessionSinkBench {
  /** A new instance at the same, at first empty, database. */
  open(settings?: { storeSystemInformation?: boolean; storeCapabilityUrls?: boolean }): Promise<Destination>;
  /** All rows of a table or view in the order of their first column, times as `YYYY-MM-DD HH:MM:SS`. */
  rows(table: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Takes the database away. */
  remove(): Promise<void>;
}

const { numbered, rsOrigin, praOrigin, rsSession, praSession, version } = fixture;
const childTables = ['session_event', 'representative', 'customer', 'team', 'custom_attribute'];

/** What every destination with a `SessionSink` on a SQL database does, whatever the database. */
export function describeSessionSinkContract(name: string, make: () => Promise<SessionSinkBench>): void {
  describe(`${name}: session sink`, () => {
    let bench: SessionSinkBench;
    let destination: Destination;
    let sink: SessionSink;

    beforeEach(async () => {
      await bench?.remove();
      bench = await make();
      destination = await bench.open();
      sink = sinkOf(destination);
    });
    after(async () => bench?.remove());

    const statuses = async (...args: Parameters<SessionSink['store']>) =>
      (await sink.store(...args)).map(({ status }) => status);

    test('every column of every table of the guides holds its value, for both products', async () => {
      assert.deepEqual(await statuses(rsOrigin, [version(rsSession)]), ['stored']);
      assert.deepEqual(await statuses(praOrigin, [version(praSession)]), ['stored']);
      for (const [table, expected] of Object.entries(expectedRows))
        assert.deepEqual(plain(await bench.rows(table)), expected, table);
    });

    test('it says which sessions of a host it has, and which of them as they ended', async () => {
      const running = { ...numbered(7), endTime: null };
      await sink.store(rsOrigin, [version(rsSession), version(running)]);
      const lsids = [rsSession.lsid, running.lsid, 'f'.repeat(32)];
      assert.deepEqual(
        [...((await sink.statusOf?.(rsOrigin.host, lsids)) ?? [])].toSorted(),
        [
          [rsSession.lsid, 'stored'],
          [running.lsid, 'not-final'],
        ].toSorted(),
      );
      assert.equal((await sink.statusOf?.(praOrigin.host, lsids))?.size, 0);
      assert.equal((await sink.statusOf?.(rsOrigin.host, []))?.size, 0);
    });

    test('user and endpoint show representative and customer', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      assert.deepEqual(await bench.rows('user'), await bench.rows('representative'));
      assert.deepEqual(await bench.rows('endpoint'), await bench.rows('customer'));
      assert.equal((await bench.rows('user')).length, 1);
    });

    test('our own facts stand beside the session', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      const [row] = await bench.rows('ic_session');
      const { stored_at: storedAt, ...rest } = { ...row };
      assert.match(String(storedAt), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      assert.deepEqual(rest, {
        session_id: 1,
        host_name: 'support.example.com',
        lsid: rsSession.lsid,
        content_hash: 'h1',
        stored_form: '1+system-information',
        closed: 1,
        read_at: 1_760_100_000,
        site_id: 'support',
        appliance_id: '{5F1A}',
        api_version: '1.24.1',
        jumpoint_id: 3,
        jumpoint_name: 'DC West',
        file_move_count: 2,
        file_delete_count: 1,
        whole_values: null,
      });
    });

    test('absent and empty stay apart, and texts come back as they were given', async () => {
      const texts = [
        '',
        ' ',
        `'; DROP TABLE session; --`,
        '"double" `back` [bracket] \\ %s ? :a @b $c',
        'Grüße, 日本語, עברית, e\u0301',
        '😀𝔘\u{10FFFF}',
        'line\r\none\ttab\u0085\u2028',
        'null',
        '0012',
        'x'.repeat(300_000),
      ];
      const session = {
        ...fixture.emptySession,
        externalKey: '',
        events: [fixture.event(texts.map((text, index) => [`n${index}`, text] as const))],
        customAttributes: texts.map((value) => ({ displayName: null, codeName: '', value })),
      };
      assert.deepEqual(await statuses(rsOrigin, [version(session)]), ['stored']);
      const values = async (table: string) => (await bench.rows(table)).map(({ value }) => value);
      assert.deepEqual(await values('session_event_data'), texts);
      assert.deepEqual(await values('custom_attribute'), texts);
      const [attribute] = await bench.rows('custom_attribute');
      assert.deepEqual([attribute?.display_name, attribute?.code_name], [null, '']);
      const [row] = await bench.rows('session');
      assert.deepEqual([row?.external_key, row?.type, row?.start_time], ['', null, null]);
    });

    test('a newer reading replaces the session whole, keeps its id and leaves no orphans', async () => {
      await sink.store(rsOrigin, [
        version(fixture.numbered(1)),
        version(rsSession),
        version(fixture.numbered(2)),
      ]);
      const before = await bench.rows('session');
      const others = async (table: string) =>
        (await bench.rows(table)).filter(({ session_id }) => session_id !== before[1]?.id);
      const neighbours = await Promise.all(childTables.map(others));
      const changed = {
        ...rsSession,
        externalKey: 'INC2',
        representatives: [],
        teams: [],
        events: [fixture.event([['body', 'new']])],
      };
      const newer = version(changed, { hash: 'h2', readAt: 1_760_100_001 });
      assert.deepEqual(await statuses(rsOrigin, [newer]), ['replaced']);
      const after = await bench.rows('session');
      assert.deepEqual(
        after.map(({ id, lsid }) => [id, lsid]),
        before.map(({ id, lsid }) => [id, lsid]),
      );
      assert.equal(after[1]?.external_key, 'INC2');
      const own = async (table: string) =>
        (await bench.rows(table)).filter(({ session_id }) => session_id === before[1]?.id).length;
      assert.deepEqual(await Promise.all(childTables.map(own)), [1, 0, 1, 0, 2]);
      assert.deepEqual(await Promise.all(childTables.map(others)), neighbours);
      const eventIds = new Set((await bench.rows('session_event')).map(({ id }) => id));
      for (const table of ['session_event_data', 'system_information'])
        for (const row of await bench.rows(table)) assert.ok(eventIds.has(row.session_event_id), table);
      assert.equal((await bench.rows('session_event_data')).length, 10 + 1 + 10);
      assert.equal((await bench.rows('system_information')).length, 0);
    });

    test('equal is not written, older never goes over newer, closed goes over open', async () => {
      const at = (hash: string, closed: boolean, readAt: number) =>
        version({ ...rsSession, externalKey: hash }, { hash, closed, readAt });
      const steps = [
        [at('a', false, 100), 'stored', 'a'],
        [at('a', false, 200), 'unchanged', 'a'],
        [at('b', false, 99), 'older', 'a'],
        [at('b', false, 100), 'replaced', 'b'],
        [at('c', false, 300), 'replaced', 'c'],
        [at('d', true, 250), 'replaced', 'd'],
        [at('e', false, 900), 'older', 'd'],
        [at('f', true, 249), 'older', 'd'],
        [at('d', true, 900), 'unchanged', 'd'],
        [at('g', true, 251), 'replaced', 'g'],
      ] as const;
      let before: readonly unknown[] = [];
      for (const [step, status, stored] of steps) {
        assert.deepEqual(await statuses(rsOrigin, [step]), [status], step.hash);
        const rows = await bench.rows('session');
        assert.deepEqual(
          rows.map(({ id, external_key }) => [id, external_key]),
          [[1, stored]],
        );
        const notes = await bench.rows('ic_session');
        if (status === 'unchanged' || status === 'older') assert.deepEqual(notes, before);
        before = notes;
      }
    });

    test('an equal session is not touched at all: its rows keep their ids', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      const before = await Promise.all(childTables.map((table) => bench.rows(table)));
      assert.deepEqual(await statuses(rsOrigin, [version(rsSession, { readAt: 1_770_000_000 })]), [
        'unchanged',
      ]);
      assert.deepEqual(await Promise.all(childTables.map((table) => bench.rows(table))), before);
    });

    test('the same lsid under two hosts is two sessions', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      assert.deepEqual(await statuses(praOrigin, [version(rsSession)]), ['stored']);
      const rows = await bench.rows('session');
      assert.deepEqual(
        rows.map(({ host_name }) => host_name),
        ['support.example.com', 'access.example.com'],
      );
    });

    test('the same session more than once in a batch is judged in order', async () => {
      const at = (hash: string, closed: boolean, readAt: number) =>
        version({ ...rsSession, externalKey: hash }, { hash, closed, readAt });
      const batch = [at('a', false, 100), at('a', false, 100), at('c', true, 90), at('b', false, 200)];
      assert.deepEqual(await statuses(rsOrigin, batch), ['stored', 'unchanged', 'replaced', 'older']);
      const rows = await bench.rows('session');
      assert.deepEqual(
        rows.map(({ external_key }) => external_key),
        ['c'],
      );
      assert.equal((await bench.rows('session_event')).length, rsSession.events.length);
    });

    test('a session that cannot be stored is rejected alone, with its reason', async () => {
      const half = { ...fixture.numbered(2), externalKey: 'bad \ud800 text' };
      const nul = { ...fixture.numbered(4), events: [fixture.event([['body', 'a\0b']])] };
      const time = { ...fixture.numbered(5), endTime: 9e14 };
      const batch = [fixture.numbered(1), half, fixture.numbered(3), nul, time].map((session) =>
        version(session),
      );
      const outcomes = await sink.store(rsOrigin, batch);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['stored', 'rejected', 'stored', 'rejected', 'rejected'],
      );
      assert.match(outcomes[1]?.reason ?? '', /session\.external_key/);
      assert.match(outcomes[3]?.reason ?? '', /session_event_data\.value/);
      assert.match(outcomes[4]?.reason ?? '', /no time/);
      assert.equal((await bench.rows('session')).length, 2);
    });

    test('links that open recordings are stored only when asked for', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      const names = async () => (await bench.rows('session_event_data')).map(({ name }) => name);
      assert.deepEqual(await names(), ['body', 'instance', 'url_count']);
      const asked = await bench.open({ storeCapabilityUrls: true });
      const [outcome] = await sinkOf(asked).store(rsOrigin, [version(rsSession)]);
      await asked.close();
      assert.equal(outcome?.status, 'replaced');
      assert.deepEqual(await names(), ['body', 'instance', 'download_url', 'View_URL', 'url_count']);
    });

    test('Should Store System Information is honoured, and switching it on fills what a repeat brings', async () => {
      const without = await bench.open({ storeSystemInformation: false });
      await sinkOf(without).store(rsOrigin, [version(rsSession)]);
      await without.close();
      assert.equal((await bench.rows('system_information')).length, 0);
      assert.equal((await bench.rows('session_event')).length, rsSession.events.length);
      assert.deepEqual(await statuses(rsOrigin, [version(rsSession)]), ['replaced']);
      assert.equal((await bench.rows('system_information')).length, 2);
    });

    test('two instances that store the same sessions at once leave what one would', async () => {
      const batch = Array.from({ length: 40 }, (_, index) => version(fixture.numbered(index)));
      const other = await bench.open();
      const both = await Promise.all([
        sink.store(rsOrigin, batch),
        sinkOf(other).store(rsOrigin, batch.toReversed()),
      ]);
      await other.close();
      const counts = Object.groupBy(both.flat(), ({ status }) => status);
      assert.deepEqual([counts.stored?.length, counts.unchanged?.length], [40, 40]);
      assert.equal((await bench.rows('session')).length, 40);
      assert.equal((await bench.rows('session_event')).length, 200);
      assert.equal((await bench.rows('session_event_data')).length, 400);
    });

    test('a batch of some hundred sessions keeps each one’s rows with it', async () => {
      const batch = Array.from({ length: 230 }, (_, index) => version(fixture.numbered(index, index % 7)));
      assert.ok((await statuses(rsOrigin, batch)).every((status) => status === 'stored'));
      const lsids = new Map((await bench.rows('session')).map(({ id, lsid }) => [id, lsid]));
      const numberOf = new Map<unknown, number>();
      for (const row of await bench.rows('session_event'))
        numberOf.set(row.id, Number.parseInt(String(lsids.get(row.session_id)), 16));
      const data = await bench.rows('session_event_data');
      assert.equal(data.length, 2 * batch.reduce((sum, { session }) => sum + session.events.length, 0));
      for (const { name, value, session_event_id } of data)
        if (name === 'body') assert.ok(String(value).endsWith(` of ${numberOf.get(session_event_id)}`));
    });

    test('nothing is stored by an empty batch or by a check', async () => {
      assert.deepEqual(await sink.store(rsOrigin, []), []);
      await destination.check();
      await destination.check();
      for (const table of ['session', ...childTables, 'ic_session', 'ic_check'])
        assert.deepEqual(await bench.rows(table), [], table);
      assert.deepEqual(await statuses(rsOrigin, [version(rsSession)]), ['stored']);
    });

    test('what was stored is there for an instance opened later', async () => {
      await sink.store(rsOrigin, [version(rsSession)]);
      await destination.close();
      const later = await bench.open();
      const outcomes = await sinkOf(later).store(rsOrigin, [version(rsSession)]);
      await later.close();
      assert.deepEqual(outcomes, [{ status: 'unchanged' }]);
    });
  });
}

export function sinkOf(destination: Destination): SessionSink {
  assert.ok(destination.sessions, 'the destination takes sessions');
  return destination.sessions;
}

function plain(rows: readonly Readonly<Record<string, unknown>>[]) {
  return rows.map((row) => ({ ...row }));
}

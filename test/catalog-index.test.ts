import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findByLsid, findSession, findSessions, type SessionPlace } from '../shared/catalog/find-sessions.ts';
import { forgetSession, indexSessions } from '../shared/catalog/index-sessions.ts';
import type { Criterion } from '../shared/catalog/session-keys.ts';
import type { Session } from '../shared/sessions/session.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { openTableState } from '../shared/state/table-state.ts';
import { emptyCustomer, emptyRepresentative, emptySession } from './contract/session-sink-fixtures.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { Interruption } from './support/interruption.ts';
import { lsidOf, newYear } from './support/workbench.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

const support = { siteId: 'support', host: 'support.example.com', kind: 'session' } as const;
const user = (...names: string[]) => ({
  representatives: names.map((displayName) => ({ ...emptyRepresentative, displayName })),
});
const endpoint = (hostName: string) => ({ customers: [{ ...emptyCustomer, hostName }] });

function session(number: number, more: Partial<Session> = {}): Session {
  const startTime = newYear + number;
  return { ...emptySession, lsid: lsidOf(number), startTime, endTime: startTime + 60, ...more };
}

const read = (one: Session, readAt = newYear) => ({ session: one, hash: JSON.stringify(one), readAt });

/** Everything in the index, for comparing. Not with times of reading. */
async function rows(state: StateStore): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const partition of ['site|support', 'site|access', 'sites'])
    for (const { key, value } of (await state.list<{ readAt?: number }>('sessions', partition)).entries) {
      const { readAt: _, ...rest } = value;
      found[`${partition} ${key}`] = rest;
    }
  return found;
}

async function numbers(
  state: StateStore,
  query: { criterion?: Criterion; value?: string; prefix?: boolean; from?: number; to?: number },
  limit = 1000,
): Promise<number[]> {
  const { criterion, value = '', prefix = false, ...time } = query;
  const all: number[] = [];
  let place: SessionPlace | undefined;
  do {
    const page = await findSessions(state, {
      ...time,
      ...(criterion ? { by: { criterion, value, prefix } } : {}),
      limit,
      after: place,
    });
    assert.ok(page);
    assert.ok(page.sessions.length <= limit);
    all.push(...page.sessions.map(({ lsid }) => Number.parseInt(lsid, 16)));
    place = page.next;
  } while (place);
  return all;
}

/** Counts the calls on the state. */
function counting(state: StateStore): { readonly state: StateStore; readonly calls: string[] } {
  const counter = new Interruption('die', 0);
  return { state: counter.state(state), calls: counter.calls };
}

const writes = (calls: readonly string[]) => calls.filter((call) => !/\.(get|list)$/.test(call));

test('sessions are found by each criterion, folded, by beginnings and within a time', async () => {
  const state = openSqliteState(':memory:');
  await indexSessions(state, support, [
    read(session(1, { externalKey: 'CASE-7', ...user('Anna Årud', 'anna'), ...endpoint('PC-1') })),
    read(session(2, { externalKey: 'case-7', ...user('ANNA  ÅRUD'), ...endpoint('pc-10') })),
    read(session(3, { externalKey: '  ', ...user('Annabel'), ...endpoint('ＰＣ-1') })),
    read(session(4, { startTime: null, primaryCustomer: { gsNumber: null, name: 'PC-1' } })),
  ]);
  const by = (criterion: Criterion, value: string, prefix = false) =>
    numbers(state, { criterion, value, prefix });
  assert.deepEqual(await by('externalKey', 'Case-7'), [2, 1]);
  assert.deepEqual(await by('externalKey', ''), []);
  assert.deepEqual(await by('user', 'anna årud'), [2, 1]);
  assert.deepEqual(await by('user', 'anna'), [1]);
  assert.deepEqual(await by('user', 'Anna', true), [2, 1, 3]);
  assert.deepEqual(await by('user', 'anna ', true), [2, 1]);
  assert.deepEqual(await by('endpoint', 'PC-1'), [3, 1, 4]);
  assert.deepEqual(await by('endpoint', 'pc-1', true), [2, 3, 1, 4]);
  assert.deepEqual(await numbers(state, {}), [3, 2, 1, 4]);
  assert.deepEqual(await numbers(state, { from: newYear + 2 }), [3, 2]);
  assert.deepEqual(await numbers(state, { to: newYear + 2 }), [1, 4]);
  assert.deepEqual(
    await numbers(state, { criterion: 'user', value: 'a', prefix: true, from: newYear + 2, to: newYear + 3 }),
    [2],
  );
  assert.equal((await findSession(state, 'support', lsidOf(4)))?.startTime, null);
  assert.equal(await findSession(state, 'support', lsidOf(9)), undefined);
  await state.close();
});

test('names of any characters and length are found, and those that are cut are told apart', async () => {
  const state = openSqliteState(':memory:');
  const long = '語'.repeat(300);
  const odd = `a|b*c~'"/\\?#%\u0000 \uD83D\uDE00`;
  await indexSessions(state, support, [
    read(session(1, user(`${long}1`))),
    read(session(2, user(`${long}2`, odd))),
    read(session(3, { ...user('~'), lsid: 'x'.repeat(600) })),
  ]);
  const by = (value: string, prefix = false) => numbers(state, { criterion: 'user', value, prefix });
  assert.deepEqual(await by(`${long}1`), [1]);
  assert.deepEqual(await by(`${long}2`), [2]);
  assert.deepEqual(await by(odd), [2]);
  assert.deepEqual(await by('a|b*', true), [2]);
  assert.deepEqual((await by('語語', true)).toSorted(), [1, 2]);
  assert.equal((await by('~', true)).length, 1);
  assert.equal((await findByLsid(state, 'X'.repeat(600))).length, 1);
  const tooLong = { by: { criterion: 'user', value: long, prefix: true }, limit: 5 } as const;
  assert.equal(await findSessions(state, tooLong), undefined);
  await state.close();
});

test('what is read again unchanged is not written, by this process or another', async () => {
  const { state, calls } = counting(openSqliteState(':memory:'));
  const thousand = Array.from({ length: 1000 }, (_, number) =>
    read(
      session(number, { ...user(`user ${number % 7}`, 'u'), ...endpoint('pc'), externalKey: `k${number}` }),
    ),
  );
  const inBatches = async (own: StateStore, readAt: number) => {
    for (let from = 0; from < thousand.length; from += 100)
      await indexSessions(
        own,
        support,
        thousand.slice(from, from + 100).map((one) => ({ ...one, readAt })),
      );
  };
  await inBatches(state, newYear);
  // Six rows a session, sixteen sessions a batch; a look for each hundred, and one write for the site.
  assert.deepEqual(
    Object.entries(Object.groupBy(calls, (call) => call)).map(([name, all]) => [name, all?.length]),
    [
      ['state.get', 1],
      ['state.put', 1],
      ['state.list', 10],
      ['state.batch', 70],
    ],
  );
  calls.length = 0;
  await inBatches(state, newYear);
  assert.deepEqual(calls, [], 'the second transfer of the same slice');
  await inBatches(state, newYear + 900);
  assert.deepEqual(writes(calls), []);
  assert.equal(calls.length, 10, 'the overlap of the next run');
  const other = counting(state);
  await inBatches(other.state, newYear + 900);
  assert.deepEqual(writes(other.calls), [], 'another process');
  await state.close();
});

test('a session that changed is found by what it says now and by nothing else', async () => {
  const state = openSqliteState(':memory:');
  const running = session(1, { endTime: null, externalKey: 'A', ...user('Anna') });
  const ended = session(1, { startTime: newYear - 5, externalKey: 'B', ...user('Anna', 'Bert') });
  await indexSessions(state, support, [read(running, 10)]);
  await indexSessions(state, support, [read(ended, 20)]);
  const fresh = openSqliteState(':memory:');
  await indexSessions(fresh, support, [read(ended, 20)]);
  assert.deepEqual(await rows(state), await rows(fresh));
  // Late comers: an open reading, and a closed one that was made before.
  await indexSessions(state, support, [read(running, 30)]);
  await indexSessions(state, support, [read({ ...ended, externalKey: 'C' }, 15)]);
  assert.deepEqual(await rows(state), await rows(fresh));
  // Under another recorded host name the files of the old one still belong to it.
  await indexSessions(state, { ...support, host: 'new.example.com' }, [read(ended, 40)]);
  assert.deepEqual((await findSession(state, 'support', running.lsid))?.hosts, [
    'support.example.com',
    'new.example.com',
  ]);
  await state.close();
  await fresh.close();
});

const crowd = (from: number, to: number) =>
  user(...Array.from({ length: to - from }, (_, at) => `attendee ${from + at}`));

test('wherever a process dies, and whoever works at the same time, a repeat gives the same rows', async () => {
  const old = [session(1, user('Anna')), session(2, crowd(0, 150)), session(3, user('Cleo'))];
  const now = [
    session(1, user('Bert')),
    session(2, crowd(100, 330)),
    session(4, user('Dora')),
    session(5, crowd(0, 120)),
  ];
  const run = async (state: StateStore) => {
    await indexSessions(
      state,
      support,
      old.map((one) => read(one, 10)),
    );
    await indexSessions(
      state,
      support,
      now.map((one) => read(one, 20)),
    );
  };
  const left = openSqliteState(':memory:');
  const counted = counting(left);
  await run(counted.state);
  const expected = await rows(left);
  assert.deepEqual(await numbers(left, { criterion: 'user', value: 'attendee', prefix: true }, 7), [5, 2]);
  for (let at = 1; at <= counted.calls.length; at++) {
    const state = openSqliteState(':memory:');
    const interruption = new Interruption('die', at, at % 2 === 0 ? 'before' : 'after');
    const dying = run(interruption.state(state));
    await Promise.race([interruption.reached, dying]);
    await Promise.all([run(counting(state).state), run(counting(state).state)]);
    assert.deepEqual(await rows(state), expected, `died at call ${at}, ${counted.calls[at - 1]}`);
    await state.close();
  }
  await left.close();
});

test('a session that is forgotten leaves no row, wherever that was cut off, and can come again', async () => {
  for (let at = 1; at < 12; at++) {
    const state = openSqliteState(':memory:');
    const all = [session(1, crowd(0, 250)), session(2, user('Anna'))].map((one) => read(one));
    await indexSessions(state, support, all);
    const full = await rows(state);
    const interruption = new Interruption('die', at);
    const dying = forgetSession(interruption.state(state), 'support', lsidOf(1));
    await Promise.race([interruption.reached, dying]);
    await indexSessions(counting(state).state, support, all);
    assert.deepEqual(await rows(state), full, `cut off at call ${at}`);
    await forgetSession(state, 'support', lsidOf(1));
    await forgetSession(state, 'support', lsidOf(2));
    assert.deepEqual(await rows(state), { 'sites site|support': { siteId: 'support' } });
    await state.close();
  }
});

test('of a session with more names than are kept the rest is said to be missing', async () => {
  const state = openSqliteState(':memory:');
  await indexSessions(state, support, [
    read(session(1, crowd(0, 400))),
    read(session(2, user('x'.repeat(5000)))),
  ]);
  const record = await findSession(state, 'support', lsidOf(1));
  assert.deepEqual([record?.users.length, record?.moreNames], [250, true]);
  assert.equal((await findSession(state, 'support', lsidOf(2)))?.users[0]?.length, 200);
  await state.close();
});

for (const [name, count, open] of [
  ['SQLite', 1030, () => openSqliteState(':memory:')],
  // Of three rows each.
  ['Azure Table', 350, () => openTableState({ connectionString: azurite.connectionString, prefix: 'index' })],
] as const)
  test(`pages over sessions of one second at two sites lose none and have none twice (${name})`, async () => {
    const state = open();
    const same = { startTime: newYear, ...user('Anna') };
    const many = Array.from({ length: count }, (_, number) => read(session(number, same)));
    const access = { siteId: 'access', host: 'access.example.com', kind: 'session' } as const;
    await indexSessions(state, support, many.slice(0, count / 2));
    await indexSessions(state, access, many.slice(count / 2));
    // One that is known at both counts at each.
    await indexSessions(state, access, many.slice(0, 1));
    const anna = { criterion: 'user', value: 'anna' } as const;
    const sorted = (found: number[]) => found.toSorted((a, b) => a - b);
    const all = [0, ...many.map((_, number) => number)];
    assert.deepEqual(sorted(await numbers(state, anna, 99)), all);
    if (name === 'SQLite') {
      assert.deepEqual(sorted(await numbers(state, {}, 299)), all);
      assert.deepEqual(sorted(await numbers(state, { ...anna, value: 'ann', prefix: true }, 700)), all);
    }
    // What changes and what goes is gone from the pages.
    const changed = session(7, { startTime: newYear + 7, externalKey: 'K', ...user('Bert') });
    await indexSessions(state, support, [read(changed, newYear + 1)]);
    await forgetSession(state, 'access', lsidOf(0));
    await forgetSession(state, 'support', lsidOf(1));
    const left = many.map((_, number) => number).filter((number) => number !== 1 && number !== 7);
    assert.deepEqual(sorted(await numbers(state, anna, 200)), left);
    assert.deepEqual(await numbers(state, { criterion: 'externalKey', value: 'k' }), [7]);
    assert.deepEqual(await numbers(state, { from: newYear + 1 }), [7]);
    await state.close();
  });

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApi } from '../shared/api/app.ts';
import { agedOut, type Coverage, saveCoverage, withForgotten } from '../shared/reconciliation/coverage.ts';
import { dayName, dayNamed } from '../shared/reconciliation/days.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import type { StreamId } from '../shared/streams/stream.ts';
import { asEverybody } from './support/principals.ts';
import { makeWorkbench, newYear } from './support/workbench.ts';

const DAY = 86_400;
const streams: readonly StreamId[] = ['session-data', 'session-recording', 'team-activity', 'backup'];

function row(day: string, stream: StreamId, destinationId: string, more: Partial<Coverage> = {}): Coverage {
  const counters = { owed: 0, setAside: 0, agedOut: 0, settled: 0, hidden: 0, missing: 0 };
  const listed = { by: 'listing', onAppliance: 9, stored: 9, covered: true, checkedAt: 'then' } as const;
  return { day, siteId: 'site', stream, destinationId, ...listed, ...counters, ...more };
}

/** A year of four data types at two destinations, and how often the state was asked. */
async function year(context: TestContext) {
  const inner = openSqliteState(':memory:');
  const calls: string[] = [];
  const state = new Proxy(inner, {
    get(target, name) {
      const value = target[name as keyof StateStore];
      if (typeof value !== 'function') return value;
      return (...input: unknown[]) => {
        calls.push(`${String(name)} ${String(input[0])}`);
        return (value as (...given: unknown[]) => unknown).apply(target, input);
      };
    },
  });
  const bench = makeWorkbench(context, { state });
  await saveSettings(state, bench.settings);
  const rows: Coverage[] = [];
  for (let day = 0; day < 365; day++)
    for (const stream of streams)
      for (const destination of ['database', 'folder'])
        rows.push(row(dayName(newYear + day * DAY), stream, destination));
  await saveCoverage(state, 'site', rows);
  const api = createApi();
  const reconciler = { start: async () => {}, isGoing: async () => true };
  return {
    rows,
    calls,
    async call(path: string, method = 'GET', body?: unknown) {
      calls.splice(0);
      const request = new Request(`http://127.0.0.1/api${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const env = {
        services: bench.services,
        starter: reconciler,
        reconciler,
        authenticate: asEverybody,
      };
      const answer = await api.fetch(request, env);
      // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
      return { status: answer.status, body: (await answer.json()) as any };
    },
  };
}

test('a year is asked for in pages, by a list of keys and never by looking at what is stored', async (t) => {
  const { rows, calls, call } = await year(t);
  const range = 'site=site&from=2026-01-01&to=2026-12-31';
  const { body } = await call(`/coverage?${range}&limit=5000`);
  assert.equal(body.rows.length, 2920);
  assert.equal(body.next, undefined);
  assert.deepEqual(calls, ['get settings', 'list coverage', 'list coverage', 'list coverage']);

  const found: Coverage[] = [];
  for (let next = ''; ; ) {
    const page = await call(`/coverage?${range}&limit=700${next}`);
    found.push(...page.body.rows);
    if (page.body.next === undefined) break;
    next = `&after=${page.body.next}`;
  }
  const key = ({ day, stream, destinationId }: Coverage) => `${day} ${stream} ${destinationId}`;
  assert.deepEqual(found.map(key).toSorted(), rows.map(key).toSorted());

  const one = await call(`/coverage?${range}&stream=backup&destination=folder&limit=5000`);
  assert.equal(one.body.rows.length, 365);
  assert.equal(calls.length, 4);
  const day = await call('/coverage?site=site&from=2026-02-03&to=2026-02-03');
  assert.deepEqual(new Set(day.body.rows.map((each: Coverage) => each.day)), new Set(['2026-02-03']));
  assert.equal(day.body.rows.length, 8);
  assert.deepEqual((await call('/coverage?site=other&from=2026-01-01&to=2026-12-31')).body, { rows: [] });
});

test('what is asked for wrongly is refused in one line', async (t) => {
  const { call } = await year(t);
  for (const [path, words] of [
    ['/coverage?from=2026-02-30', /from: give a day/],
    ['/coverage?stream=nothing', /stream/],
    ['/coverage?after=nothing', /after: take it from `next`/],
    ['/coverage?limit=0', /limit/],
  ] as const) {
    const { status, body } = await call(path);
    assert.equal(status, 400);
    assert.match(body.title, words);
  }
  const unknown = await call('/reconciliation', 'POST', { sites: ['nowhere'] });
  assert.equal(unknown.status, 404);
  assert.match(unknown.body.title, /There is no site "nowhere"/);
  assert.equal((await call('/reconciliation/nothing')).status, 404);
  assert.equal((await call('/reconciliation', 'POST', { days: 0 })).status, 400);
});

test('days have names and names are days', () => {
  assert.deepEqual(dayNamed('2026-01-01'), { name: '2026-01-01', from: newYear, to: newYear + DAY });
  for (const wrong of ['2026-02-30', '2026-1-1', '', '2026-01-01T00:00:00Z'])
    assert.equal(dayNamed(wrong), undefined);
});

test('what is not listed any more stays stored as far as it was, the rest has aged out; a second look changes nothing', () => {
  const before = row('2026-01-01', 'session-data', 'folder', {
    onAppliance: 10,
    stored: 7,
    owed: 2,
    missing: 1,
  });
  const now = row('2026-01-01', 'session-data', 'folder', { onAppliance: 4, stored: 3, owed: 1 });
  const merged = withForgotten(before, now);
  assert.deepEqual(
    [merged.onAppliance, merged.stored, merged.owed, merged.agedOut, merged.missing],
    [10, 7, 1, 2, 0],
  );
  assert.deepEqual(withForgotten(merged, now), merged);
  const more = row('2026-01-01', 'session-data', 'folder', { onAppliance: 12, stored: 12 });
  assert.deepEqual(withForgotten(merged, more), more);
  assert.deepEqual(withForgotten(undefined, now), now);
  const lost = agedOut(merged, 'later');
  assert.deepEqual([lost.owed, lost.agedOut, lost.checkedAt], [0, 3, 'later']);
  assert.equal(agedOut(lost, 'again'), lost);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApi } from '../shared/api/app.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import type { StreamId } from '../shared/streams/stream.ts';
import { owe, setAside } from '../shared/transfer/ledger.ts';
import { asEverybody } from './support/principals.ts';
import { makeWorkbench, type Workbench } from './support/workbench.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies differ from route to route; tests look into them.
type Body = any;

interface Client {
  readonly bench: Workbench;
  readonly started: string[];
  call(path: string, body?: unknown): Promise<{ status: number; body: Body }>;
}

async function client(context: TestContext): Promise<Client> {
  const bench = makeWorkbench(context);
  const [site] = bench.settings.sites;
  await saveSettings(bench.services.state, {
    ...bench.settings,
    sites: [site, { ...site, id: 'other', name: 'Other' }],
  });
  const started: string[] = [];
  const starter = { start: async (id: string) => void started.push(id), isGoing: async () => false };
  const api = createApi();
  return {
    bench,
    started,
    async call(path, body) {
      const headers = { 'content-type': 'application/json' };
      const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
      const request = new Request(`http://127.0.0.1/api/ledger${path}`, init);
      const answer = await api.fetch(request, {
        services: bench.services,
        starter,
        authenticate: asEverybody,
      });
      return { status: answer.status, body: await answer.json() };
    },
  };
}

const file = (key: string) => ({ key, lsid: key, values: { LSID: key }, extension: 'flv' });
const no = {
  kind: 'item',
  code: 'recording-refused',
  message: 'No: see https://x.example/r?h=0 for it',
} as const;

async function fill({ services: { state } }: Workbench): Promise<void> {
  for (const [site, stream, count] of [
    ['site', 'session-data', 3],
    ['site', 'session-recording', 250],
    ['other', 'session-recording', 40],
    ['other', 'backup', 1],
  ] as const) {
    const keys = Array.from({ length: count }, (_, at) => `${site}-${String(at).padStart(3, '0')}`);
    const items = keys.map((key) => ({ item: file(key), destinationId: 'folder' }));
    await owe(state, site, stream as StreamId, items, 1000);
    for (const key of keys.filter((_, at) => at % 3 === 0))
      await setAside(state, site, stream as StreamId, file(key), 'folder', no, 2000);
  }
}

async function walk({ call }: Client, query: string, limit: number): Promise<Body[]> {
  const all: Body[] = [];
  let from = '';
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 200, 'it ends');
    const { status, body } = await call(`?limit=${limit}${query}${from}`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.items.length <= limit);
    all.push(...body.items);
    if (body.next === undefined) return all;
    from = `&from=${encodeURIComponent(body.next)}`;
  }
}

test('pages of any size give every row once, also with a filter', async (t) => {
  const at = await client(t);
  await fill(at.bench);
  const name = (row: Body) => `${row.site} ${row.stream} ${row.item} ${row.destination}`;
  const everything = (await walk(at, '', 200)).map(name);
  assert.equal(new Set(everything).size, 294);
  for (const limit of [7, 50, 147])
    assert.deepEqual((await walk(at, '', limit)).map(name), everything, `${limit} a page`);
  const aside = await walk(at, '&state=set-aside', 20);
  assert.equal(aside.length, 1 + 84 + 14 + 1);
  assert.ok(aside.every(({ state }) => state === 'set-aside'));
  assert.equal((await walk(at, '&site=other', 9)).length, 41);
  assert.equal((await walk(at, '&site=other&stream=backup&state=set-aside', 9)).length, 1);
  assert.deepEqual(await walk(at, '&destination=database', 9), []);
  assert.deepEqual(await walk(at, '&site=gone', 9), []);
  assert.doesNotMatch(JSON.stringify(aside), /x\.example/, 'no address goes out');
});

test('a ledger in which nothing fits does not hold up whoever asks', async (t) => {
  const at = await client(t);
  const { state } = at.bench.services;
  let reads = 0;
  const list = state.list.bind(state);
  state.list = (collection, ...args) => {
    if (collection === 'ledger') reads++;
    return list(collection, ...args);
  };
  const items = Array.from({ length: 21_000 }, (_, key) => ({
    item: file(`k${key}`),
    destinationId: 'folder',
  }));
  await owe(state, 'site', 'session-recording', items, 1000);
  const { body } = await at.call('?state=set-aside&site=site&stream=session-recording');
  assert.deepEqual(body.items, []);
  assert.ok(typeof body.next === 'string' && reads <= 100, `${reads} reads`);
  assert.deepEqual(await walk(at, '&state=set-aside&site=site&stream=session-recording', 50), []);
  const one = await at.call('/retry', { site: 'site', stream: 'session-recording', item: 'k20999' });
  assert.equal(one.body.retried, 1, 'an item that is named is found wherever it stands');
});

test('what is asked wrongly is said in one line', async (t) => {
  const { call } = await client(t);
  const place = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const [path, words] of [
    ['?state=lost', /state/],
    ['?stream=nothing', /stream/],
    ['?site=../x', /site/],
    ['?limit=0', /limit/],
    ['?limit=1000', /limit/],
    ['?offset=3', /offset/],
    ['?from=abc', /take it from/],
    [`?from=${place(['site', 'session-data', 'no spaces'])}`, /take it from/],
    [`?from=${place({ site: 'site' })}`, /take it from/],
    [`?from=${place(['site', 'session-data', 'a', 'b'])}`, /take it from/],
  ] as const) {
    const { status, body } = await call(path);
    assert.deepEqual([status, body.code], [400, 'bad-request'], path);
    assert.match(body.title, words, path);
    assert.ok(!body.title.includes('\n'));
  }
  assert.equal((await call('/retry', { site: 'site', everything: true })).status, 400);
  assert.equal((await call('/retry', [])).status, 400);
});

test('a retry goes through a filter in portions, refuses what cannot be had again, and says who fetches the rest', async (t) => {
  const at = await client(t);
  await fill(at.bench);
  let retried = 0;
  let from: string | undefined;
  do {
    const { status, body } = await at.call('/retry', { stream: 'session-recording', limit: 30, from });
    assert.equal(status, 202);
    retried += body.retried;
    // The one schedule is of the first site.
    for (const transfer of body.transfers)
      assert.deepEqual(
        [transfer.by, transfer.schedules],
        transfer.site === 'site' ? ['schedule', ['schedule']] : ['nobody', undefined],
      );
    from = body.next;
  } while (from !== undefined);
  assert.equal(retried, 84 + 14);
  assert.deepEqual(at.started, []);
  assert.deepEqual(await walk(at, '&stream=session-recording&state=set-aside', 50), []);
  const backup = await at.call('/retry', { stream: 'backup' });
  assert.equal(backup.body.retried, 0);
  assert.match(backup.body.refused[0].reason, /belong to their instant.*pull a new one/);
  const now = await at.call('/retry', {
    site: 'other',
    stream: 'session-recording',
    state: 'pending',
    start: true,
  });
  assert.equal(now.body.retried, 40);
  assert.deepEqual(at.started, [now.body.transfers[0].run]);
  const nothing = await at.call('/retry', { site: 'site', stream: 'session-recording', item: 'no-such' });
  assert.deepEqual([nothing.status, nothing.body.retried, nothing.body.transfers], [202, 0, []]);
});

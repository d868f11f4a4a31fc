import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { createApi } from '../shared/api/app.ts';
import { pluginOf, plugins } from '../shared/destinations/index.ts';
import { addCounts, noCounts, type Run } from '../shared/runs/run.ts';
import { runSettings } from '../shared/runs/run-settings.ts';
import { fitRun } from '../shared/runs/run-size.ts';
import { makePullRun } from '../shared/schedules/make-run.ts';
import { namesSecret } from '../shared/settings/secret-uses.ts';
import { environmentSecrets, type SecretStore } from '../shared/settings/secrets.ts';
import { settingsSchema } from '../shared/settings/settings.ts';
import { settingsChanges } from '../shared/settings/settings-changes.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { isTooLarge } from '../shared/state/state-checks.ts';
import { named } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

const value = 'canary "1&secret=/+ü';

interface Answer {
  readonly status: number;
  readonly etag: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
  readonly body: any;
}

function client(context: TestContext, secrets: SecretStore = environmentSecrets({}), caller?: string) {
  const bench = makeWorkbench(context);
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  return {
    bench,
    secrets,
    async call(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Answer> {
      const request = new Request(`http://127.0.0.1/api${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = await api.fetch(request, {
        services: { ...bench.services, secrets },
        starter,
        authenticate: named(caller ?? 'HTTP API'),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        etag: answer.headers.get('etag') ?? '',
        body: text === '' ? undefined : JSON.parse(text),
      };
    },
  };
}

const first = { 'if-none-match': '*' };
const match = ({ etag }: Answer) => ({ 'if-match': etag });

test('every change is kept with who made it, when, and what it was, and can be taken back', async (t) => {
  const { call, bench } = client(t, undefined, 'someone@example.com');
  const one = await call('PUT', '/settings', bench.settings, first);
  bench.clock.now += 60_000;
  const changed = structuredClone(one.body);
  changed.sites[0].host = 'new.example.com';
  changed.schedules[0].transfers.pop();
  changed.sites.push({ ...changed.sites[0], id: 'second' });
  const two = await call('PUT', '/settings', changed, match(one));
  assert.equal(two.status, 200);
  const { body } = await call('GET', '/settings/history');
  assert.deepEqual(
    body.versions.map(({ version, by, at, action }: Record<string, unknown>) => [version, by, at, action]),
    [
      [2, 'someone@example.com', '2026-01-01T00:01:00.000Z', 'saved'],
      [1, 'someone@example.com', '2026-01-01T00:00:00.000Z', 'saved'],
    ],
  );
  const [newest] = body.versions;
  assert.deepEqual(newest.changes[0], {
    path: 'sites[site].host',
    before: 'site.example.com',
    after: 'new.example.com',
  });
  assert.equal(newest.changes[1].path, 'sites[second]');
  assert.match(newest.changes[1].after, /^\{"id":"second"/);
  assert.equal(newest.changes[2].path, 'schedules[schedule].transfers[1]');
  assert.equal(newest.changes[2].after, undefined);
  assert.equal(newest.changes.length, 3);
  const old = await call('GET', '/settings/history/1');
  assert.deepEqual(old.body.settings, one.body);
  assert.equal((await call('POST', '/settings/history/1/restore')).status, 428);
  assert.equal((await call('POST', '/settings/history/1/restore', undefined, match(one))).status, 412);
  const back = await call('POST', '/settings/history/1/restore', undefined, match(two));
  assert.deepEqual([back.status, back.body], [200, one.body]);
  assert.deepEqual((await call('GET', '/settings')).body, one.body);
  const [restored] = (await call('GET', '/settings/history')).body.versions;
  assert.deepEqual([restored.version, restored.action, restored.restored], [3, 'restored', 1]);
  for (const nothing of ['9', '0', 'x', '-1'])
    assert.equal((await call('GET', `/settings/history/${nothing}`)).status, 404);
});

test('a save without a change makes no version, and of two at once one is told', async (t) => {
  const { call, bench } = client(t);
  const one = await call('PUT', '/settings', bench.settings, first);
  const again = await call('PUT', '/settings', one.body, match(one));
  assert.deepEqual([again.status, again.etag], [200, one.etag]);
  const edits = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      call('PUT', '/settings', { ...one.body, sites: [{ ...one.body.sites[0], name }] }, match(one)),
    ),
  );
  assert.deepEqual(edits.map(({ status }) => status).toSorted(), [200, 412, 412]);
  assert.equal((await call('GET', '/settings/history')).body.versions.length, 2);
});

test('history is paged, newest first', async (t) => {
  const { bench, call } = client(t);
  const { state } = bench.services;
  for (let at = 0; at < 7; at++) {
    const { etag } = await loadSettings(state);
    await saveSettings(state, { ...bench.settings, scheduler: at % 2 ? 'stopped' : 'running' }, etag);
  }
  const seen: number[] = [];
  let from = '';
  do {
    const { body } = await call(
      'GET',
      `/settings/history?limit=3${from && `&from=${encodeURIComponent(from)}`}`,
    );
    seen.push(...body.versions.map(({ version }: { version: number }) => version));
    from = body.next ?? '';
  } while (from);
  assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1]);
  assert.equal((await call('GET', '/settings/history?limit=0')).status, 400);
  assert.equal((await call('GET', '/settings/history?from=current')).status, 400);
});

test('settings that are too large for the store get one line, and nothing is saved', async (t) => {
  const { call, bench } = client(t);
  const one = await call('PUT', '/settings', bench.settings, first);
  const pem = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(4000)}\n-----END CERTIFICATE-----`;
  const sites = Array.from({ length: 150 }, (_, at) => ({
    ...one.body.sites[0],
    id: `s${at}`,
    certificateAuthority: pem,
  }));
  const refused = await call(
    'PUT',
    '/settings',
    { ...one.body, sites: [...one.body.sites, ...sites] },
    match(one),
  );
  assert.deepEqual([refused.status, refused.body.code], [413, 'settings-too-large']);
  assert.match(refused.body.title, /^The settings are \d+ characters long; at most 460800/);
  assert.equal((await call('GET', '/settings')).etag, one.etag);
});

test('a schedule or pull of more transfers than a record holds is refused, and one just below can be finished', async (t) => {
  const { call, bench } = client(t);
  const many = Array.from({ length: 199 }, (_, at) => ({ ...bench.settings.sites[0], id: `s${at}` }));
  const sites = [...bench.settings.sites, ...many];
  const transfers = sites.map(({ id }) => ({
    site: id,
    destination: 'folder',
    dataTypes: ['session-data', 'backup'],
  }));
  const refused = await call(
    'PUT',
    '/settings',
    { ...bench.settings, sites, schedules: [{ ...bench.settings.schedules[0], transfers }] },
    first,
  );
  assert.equal(refused.status, 400);
  assert.match(refused.body.title, /schedules\[0\]\.transfers: 400 transfers.*at most 300/);
  const settings = await call('PUT', '/settings', { ...bench.settings, sites }, first);
  assert.equal(settings.status, 200, JSON.stringify(settings.body));
  const pull = { destinations: ['folder', 'database'], from: '2025-12-01T00:00:00Z' };
  const dataTypes = ['session-data', 'session-recording', 'backup'];
  const some = sites.slice(0, 75).map(({ id }) => id);
  const large = await call('POST', '/pulls', { ...pull, sites: some, dataTypes });
  assert.equal(large.status, 202, JSON.stringify(large.body).slice(0, 300));
  const stream = 'session-data' as const;
  const begin = { kind: 'now' } as const;
  const most = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      siteId: `s${at % 199}`,
      stream,
      destinationId: `d${at}`,
      begin,
    }));
  const loaded = await loadSettings(bench.services.state);
  await assert.rejects(
    makePullRun(bench.services.state, loaded.settings, { now: 1, name: 'big', transfers: most(1000) }),
    (error: Error & { code?: string }) =>
      error.code === 'run-too-large' && /1000 transfers/.test(error.message),
  );
  // The worst that 300 transfers can say still fits.
  const results = most(300).map(({ siteId, destinationId }) => ({
    siteId,
    stream,
    destinationId,
    status: 'failed' as const,
    counts: addCounts(noCounts, Object.fromEntries(Object.keys(noCounts).map((name) => [name, 9e9]))),
    alarms: Array.from({ length: 10 }, (_, at) => `${at} ${'x'.repeat(400)}`),
    failure: { kind: 'transient' as const, code: 'down', message: 'y'.repeat(1000) },
  }));
  const run: Run = { ...large.body, transfers: most(300), status: 'failed', results };
  assert.ok(isTooLarge(run));
  const fitted = fitRun(run);
  assert.ok(!isTooLarge(fitted));
  assert.equal(fitted.results?.length, 300);
  assert.ok((fitted.results?.[0]?.failure?.message.length ?? 0) >= 300);
});

test('a change while a run goes on affects the next run', async (t) => {
  const { bench } = client(t);
  const { state } = bench.services;
  const saved = await saveSettings(state, bench.settings);
  const run = await bench.scheduleRun();
  await saveSettings(
    state,
    { ...bench.settings, sites: [{ ...bench.settings.sites[0], requestsPerSecond: 1 }] },
    saved.etag,
  );
  assert.equal((await runSettings(state, run.id)).sites[0]?.requestsPerSecond, 20);
  const { settings } = await loadSettings(state);
  const next = await makePullRun(state, settings, {
    now: bench.clock.now,
    name: 'next',
    transfers: run.transfers,
  });
  assert.equal((await runSettings(state, next.id)).sites[0]?.requestsPerSecond, 1);
});

test('an export has everything but secrets, and lists those that are to be set; an import is all or nothing', async (t) => {
  const source = client(t, environmentSecrets({ SECRET_SECRET: value, SECRET_HOOK: value }));
  const notifications = { webhook: { urlSecret: 'hook', signingSecret: 'sign' } };
  const document = {
    ...source.bench.settings,
    notifications,
    destinations: [
      ...source.bench.settings.destinations,
      {
        id: 'blob',
        name: 'Blob',
        plugin: 'file',
        settings: { kind: 'blob', connectionSecret: 'storage', container: 'files' },
      },
    ],
  };
  await source.call('PUT', '/settings', document, first);
  const { body: exported } = await source.call('GET', '/settings/export');
  assert.ok(!JSON.stringify(exported).includes('canary'));
  assert.deepEqual(exported.secrets, [
    { name: 'secret', usedBy: ['sites[site].account.secret'], state: 'set' },
    { name: 'storage', usedBy: ['destinations[blob].settings.connectionSecret'], state: 'missing' },
    { name: 'hook', usedBy: ['notifications.webhook.urlSecret'], state: 'set' },
    { name: 'sign', usedBy: ['notifications.webhook.signingSecret'], state: 'missing' },
  ]);

  const target = client(t, environmentSecrets({}));
  const before = await target.call('PUT', '/settings', { scheduler: 'stopped' }, first);
  const dry = await target.call('POST', '/settings/import?dryRun=true', exported);
  assert.equal(dry.status, 200);
  assert.equal(dry.body.applied, false);
  assert.ok(dry.body.changes.some(({ path }: { path: string }) => path === 'sites[site]'));
  assert.deepEqual([...new Set(dry.body.secrets.map(({ state }: { state: string }) => state))], ['missing']);
  assert.deepEqual((await target.call('GET', '/settings')).body, before.body);
  assert.equal((await target.call('POST', '/settings/import', exported)).status, 428);
  for (const broken of [
    { ...exported, settings: { ...exported.settings, schedules: [{ id: 'x' }] } },
    { ...exported, format: 'other' },
    { ...exported, formatVersion: 2 },
    exported.settings,
    [],
  ]) {
    const refused = await target.call('POST', '/settings/import', broken, match(before));
    assert.deepEqual([refused.status, refused.body.code], [400, 'bad-settings']);
  }
  assert.equal((await target.call('GET', '/settings')).etag, before.etag);
  const imported = await target.call('POST', '/settings/import', exported, match(before));
  assert.equal(imported.status, 200, JSON.stringify(imported.body));
  assert.deepEqual((await target.call('GET', '/settings')).body, exported.settings);
  const [version] = (await target.call('GET', '/settings/history')).body.versions;
  assert.equal(version.action, 'imported');
  assert.equal((await target.call('POST', '/settings/import', exported, match(before))).status, 412);
});

test('secrets are set through the API and never given out', async (t) => {
  const kept = new Map<string, string>();
  const writable: SecretStore = {
    get: async (name) => kept.get(name) ?? environmentSecrets({}).get(name),
    set: async (name, text) => void kept.set(name, text),
  };
  const { call, bench } = client(t, writable);
  await call('PUT', '/settings', bench.settings, first);
  const missing = await call('GET', '/secrets');
  assert.deepEqual(missing.body, {
    writable: true,
    secrets: [{ name: 'secret', usedBy: ['sites[site].account.secret'], state: 'missing' }],
  });
  const put = await call('PUT', '/secrets/secret', { value });
  assert.deepEqual([put.status, put.body], [204, undefined]);
  assert.equal(kept.get('secret'), value);
  assert.equal((await call('GET', '/secrets')).body.secrets[0].state, 'set');
  assert.equal((await call('GET', '/secrets/secret')).status, 405);
  for (const [name, body] of [
    ['a b', { value }],
    ['a', { value: '' }],
    ['a', { value: 7 }],
    ['a', { value, more: 1 }],
    ['a', value],
  ] as const) {
    const refused = await call('PUT', `/secrets/${encodeURIComponent(name)}`, body);
    assert.equal(refused.status, 400);
    assert.ok(!JSON.stringify(refused.body).includes('canary'));
  }
  const fixed = client(t);
  const refused = await fixed.call('PUT', '/secrets/some-name', { value });
  assert.deepEqual([refused.status, refused.body.code], [409, 'secrets-read-only']);
  assert.match(refused.body.title, /SECRET_SOME_NAME/);
});

test('every setting that names a secret is called so, and every setting has a title', () => {
  const pattern = '^[A-Za-z0-9-]{1,127}';
  interface Schema {
    readonly $ref?: string;
    readonly $defs?: Record<string, Schema>;
    readonly properties?: Record<string, Schema>;
    readonly items?: Schema;
    readonly anyOf?: Schema[];
    readonly oneOf?: Schema[];
    readonly pattern?: string;
    readonly title?: string;
  }
  const secrets: string[] = [];
  let shared: Record<string, Schema> = {};
  const walk = (given: Schema, path: string): void => {
    shared = given.$defs ?? shared;
    const schema = shared[given.$ref?.replace('#/$defs/', '') ?? ''] ?? given;
    for (const [key, part] of Object.entries(schema.properties ?? {})) {
      const place = `${path}.${key}`;
      const isSecret = part.pattern?.startsWith(pattern) ?? false;
      assert.equal(isSecret, namesSecret(key), place);
      if (isSecret) secrets.push(place);
      if (/^\.(application|notifications)\./.test(place)) assert.ok(part.title, `${place} has no title`);
      walk(part, place);
    }
    for (const part of [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
      if (part) walk(part, path);
  };
  const options = { io: 'input', unrepresentable: 'any' } as const;
  walk(z.toJSONSchema(settingsSchema, options) as Schema, '');
  for (const { id } of plugins)
    walk(z.toJSONSchema(pluginOf(id)?.settings ?? z.unknown(), options) as Schema, `.${id}`);
  assert.ok(secrets.length >= 6, secrets.join(' '));
});

test('differences are readable: by ids, whole lists of texts, long values cut', () => {
  assert.deepEqual(settingsChanges({ a: [1, 2], b: 'x' }, { a: [1, 3], b: 'x' }), [
    { path: 'a', before: '[1,2]', after: '[1,3]' },
  ]);
  assert.deepEqual(
    settingsChanges({ l: [{ id: 'a', v: 1 }, { id: 'b' }] }, { l: [{ id: 'b' }, { id: 'a', v: 2 }] }),
    [{ path: 'l[a].v', before: '1', after: '2' }],
  );
  const [long] = settingsChanges({ a: 'x' }, { a: 'y'.repeat(1000) });
  assert.equal(long?.after?.length, 201);
  assert.deepEqual(settingsChanges({ a: {} }, { a: {}, b: undefined }), []);
});

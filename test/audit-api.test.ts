import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { saveSettingsFile } from '../infra/local/settings-file.ts';
import type { AuditEntry } from '../shared/access/audit-entry.ts';
import { appendAudit } from '../shared/access/audit-log.ts';
import type { Principal } from '../shared/access/roles.ts';
import { createApi } from '../shared/api/app.ts';
import { Failure } from '../shared/errors.ts';
import { keepHouse } from '../shared/housekeeping/keep-house.ts';
import { silentLog } from '../shared/log.ts';
import { fileSecrets } from '../shared/settings/secrets.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { MemoryState } from './support/memory-state.ts';
import { as } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

async function house(context: TestContext, wrap: (state: StateStore) => StateStore = (state) => state) {
  const state = new MemoryState();
  const bench = makeWorkbench(context, { state });
  await saveSettings(state, bench.settings);
  const secrets = fileSecrets(join(bench.files, '..', 'secrets.json'));
  const starter = { start: async () => {}, isGoing: async () => false };
  const api = createApi();
  const call = async (
    method: string,
    path: string,
    who: () => Promise<Principal>,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const request = new Request(`http://127.0.0.1/api${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const services = { ...bench.services, state: wrap(state), secrets };
    const answer = await api.fetch(request, { services, starter, authenticate: who });
    const text = await answer.text();
    // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
    const found: any = text === '' ? undefined : JSON.parse(text);
    return { status: answer.status, etag: answer.headers.get('etag') ?? '', body: found };
  };
  return {
    state,
    settings: bench.settings,
    files: bench.files,
    services: { ...bench.services, secrets },
    secrets,
    call,
    /** Oldest first. */
    async audit(query = ''): Promise<AuditEntry[]> {
      const { status, body } = await call('GET', `/audit${query}`, as('Administrator'));
      assert.equal(status, 200, JSON.stringify(body));
      return body.entries.toReversed();
    },
  };
}

const nobody = async () => {
  throw new Failure('terminal', 'unauthenticated', 'No.');
};
const brief = ({ operation, outcome, status, target, of, principal, changes, made, code }: AuditEntry) =>
  Object.fromEntries(
    Object.entries({ operation, outcome, status, target, of, by: principal.id, changes, made, code }).filter(
      ([, value]) => value !== undefined,
    ),
  );

test('a change is entered before it and after it, with who, what, and the places that were changed', async (t) => {
  const { call, audit, settings } = await house(t);
  const { etag } = await call('GET', '/settings', as('Reader'));
  const changed = structuredClone(settings) as { sites: { host: string }[]; scheduler?: string };
  const [site] = changed.sites;
  assert.ok(site);
  site.host = 'elsewhere.example.com';
  changed.scheduler = 'stopped';
  const saved = await call('PUT', '/settings', as('Administrator'), changed, { 'if-match': etag });
  assert.equal(saved.status, 200, JSON.stringify(saved.body));
  const entries = await audit();
  const by = 'id of Administrator';
  assert.deepEqual(entries.map(brief), [
    { operation: 'putSettings', outcome: 'asked', by },
    {
      operation: 'putSettings',
      outcome: 'done',
      status: 200,
      of: 1,
      by,
      changes: ['sites[site].host', 'scheduler'],
    },
  ]);
  assert.deepEqual(entries[0]?.principal, { id: by, name: 'Administrator person', roles: ['Administrator'] });
  assert.doesNotMatch(JSON.stringify(entries), /elsewhere/, 'values are in the history of the settings');

  const again = await call('PUT', '/settings', as('Administrator'), changed, { 'if-match': etag });
  assert.equal(again.status, 412);
  const [, , , failed] = await audit();
  assert.deepEqual(failed && brief(failed), {
    operation: 'putSettings',
    outcome: 'failed',
    status: 412,
    code: 'settings-changed',
    of: 3,
    by,
  });
});

test('a value that is a secret is nowhere in the audit log', async (t) => {
  const { call, audit, secrets } = await house(t);
  const value = 'canary-value-of-a-secret';
  assert.equal((await call('PUT', '/secrets/mail', as('Administrator'), { value })).status, 204);
  assert.equal(await secrets.get('mail'), value);
  const entries = await audit();
  assert.deepEqual(
    entries.map(({ outcome, target }) => [outcome, target]),
    [
      ['asked', { name: 'mail' }],
      ['done', undefined],
    ],
  );
  assert.doesNotMatch(JSON.stringify(entries), /canary/);
});

test('what is refused is entered where it would have changed something, and who is not known enters nothing', async (t) => {
  const { call, audit, state } = await house(t);
  const before = (await loadSettings(state)).etag;
  assert.equal((await call('POST', '/scheduler/stop', as('Reader'))).status, 403);
  assert.equal((await call('POST', '/scheduler/stop?token=canary', as())).status, 403);
  assert.equal((await call('PUT', '/secrets/mail', as('Operator'), { value: 'v' })).status, 403);
  // Reading, what is malformed, and whoever is not known.
  assert.equal((await call('GET', '/audit', as('Operator'))).status, 403);
  assert.equal((await call('GET', '/runs', as('Reader'))).status, 200);
  assert.equal((await call('POST', '/pulls', as('Operator'), {})).status, 400);
  for (let time = 0; time < 5; time++)
    assert.equal((await call('POST', '/scheduler/stop', nobody)).status, 401);
  assert.deepEqual((await audit()).map(brief), [
    { operation: 'stopScheduler', outcome: 'refused', status: 403, by: 'id of Reader' },
    { operation: 'stopScheduler', outcome: 'refused', status: 403, by: 'id of ' },
    {
      operation: 'putSecret',
      outcome: 'refused',
      status: 403,
      target: { name: 'mail' },
      by: 'id of Operator',
    },
  ]);
  assert.equal((await loadSettings(state)).etag, before);
});

test('what was made is named by its address', async (t) => {
  const { call, audit } = await house(t);
  const pull = {
    sites: ['site'],
    destinations: ['folder'],
    dataTypes: ['session-data'],
    sessions: ['a'.repeat(32)],
  };
  const { status, body } = await call('POST', '/pulls', as('Operator'), pull);
  assert.equal(status, 202, JSON.stringify(body));
  const [, done] = await audit();
  assert.deepEqual([done?.outcome, done?.status, done?.made], ['done', 202, `/api/pulls/${body.id}`]);
});

test('while the audit log cannot be written nothing can be changed, and all can be read', async (t) => {
  let away = true;
  const { call, audit, state } = await house(t, (inner) => ({
    get: inner.get.bind(inner),
    list: inner.list.bind(inner),
    insert: inner.insert.bind(inner),
    update: inner.update.bind(inner),
    put: inner.put.bind(inner),
    remove: inner.remove.bind(inner),
    close: inner.close.bind(inner),
    async batch(collection, partition, operations) {
      if (away && collection === 'audit')
        throw new Failure('transient', 'storage-unreachable', 'The storage cannot be reached.');
      await inner.batch(collection, partition, operations);
    },
  }));
  const before = (await loadSettings(state)).etag;
  for (const [method, path, body] of [
    ['POST', '/scheduler/stop', undefined],
    ['PUT', '/secrets/mail', { value: 'v' }],
    ['POST', '/schedules/schedule/run', undefined],
  ] as const) {
    const answer = await call(method, path, as('Administrator'), body);
    assert.deepEqual([answer.status, answer.body.code], [503, 'audit-unavailable'], path);
    assert.match(answer.body.title, /nothing was done/);
  }
  assert.equal((await loadSettings(state)).etag, before);
  assert.equal((await call('GET', '/runs', as('Reader'))).body.runs.length, 0);
  assert.equal((await call('POST', '/scheduler/stop', as('Reader'))).status, 403);
  away = false;
  assert.equal((await call('POST', '/scheduler/stop', as('Administrator'))).status, 200);
  assert.deepEqual(
    (await audit()).map(({ outcome }) => outcome),
    ['asked', 'done'],
  );
});

test('the log is shown in pages, filtered, and verified in pages', async (t) => {
  const { call, audit, state } = await house(t);
  for (let time = 0; time < 3; time++) {
    await call('POST', '/scheduler/stop', as('Administrator'));
    await call('POST', '/scheduler/start', as('Reader'));
  }
  const get = async (path: string) => (await call('GET', path, as('Administrator'))).body;
  const first = await get('/audit?limit=4');
  assert.deepEqual([first.entries.length, first.next], [4, '5']);
  const rest = await get(`/audit?limit=100&next=${first.next}`);
  assert.deepEqual(
    [...first.entries, ...rest.entries].map(({ number }: AuditEntry) => number),
    [9, 8, 7, 6, 5, 4, 3, 2, 1],
  );
  assert.equal((await audit('?outcome=refused')).length, 3);
  assert.equal((await audit('?who=reader&operation=startScheduler')).length, 3);
  assert.equal((await audit('?who=nobody')).length, 0);

  let check = await get('/audit/verify?limit=2');
  const { head } = check;
  assert.equal(head.number, 9);
  let looked = check.entries;
  while (check.next) {
    check = await get(`/audit/verify?limit=2&next=${check.next}&number=9&hash=${head.hash}`);
    assert.deepEqual(check.breaks, []);
    looked += check.entries;
  }
  assert.equal(looked, 9);
  await state.remove('audit', 'chain', 'entry|9999999990');
  const { breaks } = await get(`/audit/verify?number=9&hash=${head.hash}`);
  assert.deepEqual(breaks, [{ what: 'missing', from: 9, to: 9 }]);
  for (const wrong of ['?limit=0', '?next=x', '?number=3', '?hash=zz', '?from=yesterday', '?x=1'])
    for (const path of ['/audit', '/audit/verify'])
      assert.equal((await call('GET', `${path}${wrong}`, as('Administrator'))).status, 400, path + wrong);
});

test('housekeeping leaves the audit log as it is, however old', async (t) => {
  const { state, services, call } = await house(t);
  for (let year = 2010; year < 2014; year++)
    await appendAudit(
      { state, now: () => Date.UTC(year, 0, 1) },
      { principal: await as('Operator')(), operation: 'startPull', kind: 'change', outcome: 'done' },
    );
  await keepHouse(services, { purgeInstanceHistoryBy: async () => ({ instancesDeleted: 0 }) });
  const { body } = await call('GET', '/audit/verify', as('Administrator'));
  assert.deepEqual([body.entries, body.breaks], [4, []]);
});

test('a settings file that is given at start is entered like any other change', async (t) => {
  const { state, settings, audit, files } = await house(t);
  const file = join(files, '..', 'settings.json');
  writeFileSync(file, JSON.stringify({ ...settings, scheduler: 'stopped' }));
  const ports = { state, log: silentLog, now: Date.now };
  await saveSettingsFile(ports, file);
  writeFileSync(file, '{"sites": 7}');
  await assert.rejects(saveSettingsFile(ports, file), /--settings .*sites/);
  const entries = await audit();
  assert.deepEqual(
    entries.map(({ operation, outcome, changes, code, target }) => [
      operation,
      outcome,
      changes ?? code ?? target,
    ]),
    [
      ['startWithSettingsFile', 'asked', { file }],
      ['startWithSettingsFile', 'done', ['scheduler']],
      ['startWithSettingsFile', 'asked', { file }],
      ['startWithSettingsFile', 'failed', 'bad-settings'],
    ],
  );
  assert.equal(entries[0]?.principal.id, 'local');
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Site } from '../shared/settings/site.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import type { ApplianceOptions } from './appliance/simulated-appliance.ts';
import { appliance, TO } from './appliance-client-support.ts';
import { openDesk } from './support/desk.ts';

async function office(t: TestContext, options: Partial<ApplianceOptions> = {}) {
  const main = await appliance(t, { sessions: 5, ...options });
  const desk = await openDesk(t, main);
  desk.clock.now = (TO + 3600) * 1000;
  return { main, desk, ...desk };
}

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

test('sites, destinations and schedules are added, replaced and removed under the ETag of the settings', async (t) => {
  const { call, folder } = await office(t);
  const etagOf = async () => (await call('GET', '/settings')).headers.get('etag') ?? '';
  const [main] = (await call('GET', '/sites', undefined, 'Reader')).body.sites as [Site];
  const items = {
    sites: { ...main, id: 'second', name: 'Second' },
    destinations: {
      id: 'folder',
      name: 'Folder',
      plugin: 'file',
      settings: { kind: 'folder', directory: folder },
    },
    schedules: {
      id: 'daily',
      name: 'Daily',
      every: { days: 1, at: '02:00' },
      transfers: [{ site: 'second', destination: 'folder', dataTypes: ['session-data'] }],
    },
  };
  const lists = Object.keys(items) as (keyof typeof items)[];
  for (const list of lists) {
    const item = items[list];
    const at = `/${list}/${item.id}`;
    const readAt = list === 'schedules' ? `${at}/settings` : at;
    assert.equal((await call('GET', readAt)).status, 404);
    for (const [method, path] of [
      ['POST', `/${list}`],
      ['PUT', at],
    ] as const) {
      const missing = await call(method, path, item);
      assert.deepEqual([missing.status, missing.body.code], [428, 'etag-missing']);
      const changed = await call(method, path, item, 'Administrator', { 'if-match': '"other"' });
      assert.deepEqual([changed.status, changed.body.code], [412, 'settings-changed']);
    }
    const before = await etagOf();
    const added = await call('POST', `/${list}`, item, 'Administrator', { 'if-match': before });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    assert.equal(added.headers.get('location'), `/api${at}`);
    assert.equal(added.headers.get('etag'), await etagOf());
    const read = await call('GET', readAt, undefined, 'Reader');
    assert.deepEqual(read.body, added.body);
    assert.equal(read.headers.get('etag'), await etagOf());

    const taken = await call('POST', `/${list}`, item, 'Administrator', { 'if-match': await etagOf() });
    assert.deepEqual([taken.status, taken.body.code], [409, 'id-taken']);
    const there = await call('PUT', at, item, 'Administrator', { 'if-none-match': '*' });
    assert.equal(there.status, 412, 'it is there');
    const renamed = { ...read.body, name: 'Renamed' };
    const lost = await call('PUT', at, renamed, 'Administrator', { 'if-match': before });
    assert.equal(lost.status, 412, 'somebody else changed the settings');
    const replaced = await call('PUT', at, renamed, 'Administrator', { 'if-match': await etagOf() });
    assert.deepEqual([replaced.status, replaced.body], [200, json(renamed)]);
  }
  const history = (await call('GET', '/settings/history?limit=1')).body.versions[0];
  assert.deepEqual(
    [history.by, history.changes],
    ['Administrator person', [{ path: 'schedules[daily].name', before: 'Daily', after: 'Renamed' }]],
  );
  const used = await call('DELETE', '/sites/second', undefined, 'Administrator', {
    'if-match': await etagOf(),
  });
  assert.deepEqual([used.status, used.body.code], [400, 'bad-settings']);
  assert.equal(used.body.errors[0].field, 'schedules[0].transfers[0].site');
  for (const list of lists.toReversed()) {
    const at = `/${list}/${items[list].id}`;
    assert.equal((await call('DELETE', at)).status, 428);
    const none = { 'if-none-match': '*' };
    assert.equal((await call('DELETE', at, undefined, 'Administrator', none)).status, 412);
    const match = { 'if-match': await etagOf() };
    assert.equal((await call('DELETE', at, undefined, 'Administrator', match)).status, 204);
    assert.equal((await call('DELETE', at, undefined, 'Administrator', match)).status, 404);
  }
  assert.deepEqual((await call('GET', '/sites')).body, { sites: [json(main)] });
});

test('what is wrong with a part is said by the field of that part, and nothing is saved', async (t) => {
  const { call, folder } = await office(t);
  const { body, headers } = await call('GET', '/sites/main');
  const match = { 'if-match': headers.get('etag') ?? '' };
  const put = async (path: string, value: unknown) => {
    const answer = await call('PUT', path, value, 'Administrator', match);
    return [answer.status, (answer.body.errors ?? []).map(({ field }: { field: string }) => field)];
  };
  assert.deepEqual(await put('/sites/main', { ...body, host: 'https://x' }), [400, ['host']]);
  assert.deepEqual(await put('/sites/main', { ...body, colour: 'red' }), [400, ['colour']]);
  assert.deepEqual(await put('/sites/other', body), [400, ['id']]);
  assert.deepEqual(await put('/sites/main', { ...body, account: { ...body.account, extra: 1 } }), [
    400,
    ['account.extra'],
  ]);
  const file = { id: 'file', name: 'File', plugin: 'file' };
  const wrong = { ...file, settings: { kind: 'folder', directory: folder, fileNameFormat: 7, extra: 1 } };
  assert.deepEqual(await put('/destinations/file', wrong), [
    400,
    ['settings.fileNameFormat', 'settings.extra'],
  ]);
  assert.deepEqual(await put('/destinations/file', { ...file, plugin: 'none', settings: {} }), [
    400,
    ['plugin'],
  ]);
  assert.equal((await call('GET', '/settings')).headers.get('etag'), match['if-match']);
});

test('a test of credentials names product, clock and every permission that is missing', async (t) => {
  const permissions = { perm_reporting_support: '1', perm_command: 'read_only', perm_reporting_license: '1' };
  const { call, main } = await office(t, { accounts: [{ ...defaultOAuthAccount, permissions }] });
  main.clock.set(TO + 3600 + 90);
  const all = await call('POST', '/sites/main/test', undefined, 'Operator');
  assert.equal(all.status, 200);
  assert.equal(all.body.ok, false);
  assert.equal(all.body.product, 'RS');
  assert.deepEqual(all.body.clock, {
    appliance: new Date((TO + 3690) * 1000).toISOString(),
    by: 'command',
    difference: 90,
  });
  assert.deepEqual(all.body.permissions, {
    reporting: 'granted',
    recordings: 'unknown',
    backup: 'missing',
    command: 'granted',
  });
  assert.ok(all.body.missing.includes('perm_backup'), JSON.stringify(all.body.missing));
  assert.ok(all.body.missing.includes('perm_reporting_presentation'));
  assert.ok(!all.body.missing.includes('perm_reporting_support'));
  const backup = all.body.dataTypes.find(({ id }: { id: string }) => id === 'backup');
  assert.equal(backup.state, 'missing-permission');
  assert.match(backup.message, /allow Backup for it at \/login/);
  assert.ok(!all.body.dataTypes.some(({ id }: { id: string }) => id === 'user-recording'), 'PRA only');

  const some = await call('POST', '/sites/main/test', { dataTypes: ['session-data', 'user-recording'] });
  assert.deepEqual(
    some.body.dataTypes.map(({ id, state }: { id: string; state: string }) => [id, state]),
    [
      ['session-data', 'available'],
      ['user-recording', 'not-there'],
    ],
  );
  assert.deepEqual(some.body.missing, []);
  const enough = await call('POST', '/sites/main/test', { dataTypes: ['session-data', 'session-recording'] });
  assert.equal(enough.body.ok, true);
});

test('an account without the command API is tested by the reporting API, and what cannot be known is said so', async (t) => {
  const permissions = { perm_reporting: '1' };
  const { call } = await office(t, { product: 'PRA', accounts: [{ ...defaultOAuthAccount, permissions }] });
  const { body } = await call('POST', '/sites/main/test');
  assert.deepEqual(
    [body.ok, body.product, body.clock.by, body.held],
    [true, 'PRA', 'date-header', undefined],
  );
  assert.equal(body.permissions.command, 'missing');
  assert.ok(body.dataTypes.every(({ state }: { state: string }) => state === 'unknown'));
});

test('a site is tested before it is saved, with a secret that is kept nowhere', async (t) => {
  const { call, secrets, stored, log } = await office(t);
  const site = (await call('GET', '/sites/main')).body as Site;
  const draft = { ...site, id: 'draft', account: { ...site.account, secret: 'not-there-yet' } };
  const without = await call('POST', '/sites/test', { site: draft });
  assert.deepEqual([without.status, without.body.ok], [200, false]);
  assert.equal(without.body.failure.code, 'secret-missing');
  assert.match(without.body.failure.message, /not-there-yet/);
  const secret = defaultOAuthAccount.secret;
  assert.equal((await call('POST', '/sites/test', { site: draft, secret })).body.ok, true);
  const wrong = await call('POST', '/sites/test', { site: draft, secret: 'a wrong secret of mine' });
  assert.equal(wrong.body.failure.code, 'wrong-secret', JSON.stringify(wrong.body));
  assert.equal((await call('POST', '/sites/test', { site: draft, secret }, 'Operator')).status, 403);
  // What was cached before a secret changed proves nothing.
  assert.equal((await call('POST', '/sites/main/test')).body.ok, true);
  secrets.set('account', 'another one');
  assert.equal((await call('POST', '/sites/main/test')).body.failure.code, 'wrong-secret');
  for (const text of [stored(), JSON.stringify(log.lines), JSON.stringify(wrong.body)]) {
    assert.ok(!text.includes(secret));
    assert.ok(!text.includes('a wrong secret of mine'));
  }
  assert.equal((await call('POST', '/sites/none/test')).status, 404);
});

test('a destination is tested by writing, reading and removing, saved or not', async (t) => {
  const { call, folder } = await office(t);
  const place = join(folder, 'files');
  const destination = {
    id: 'files',
    name: 'Files',
    plugin: 'file',
    settings: { kind: 'folder', directory: place },
  };
  const draft = await call('POST', '/destinations/test', { destination });
  assert.deepEqual([draft.status, draft.body.ok, draft.body.failure], [200, true, undefined]);
  // The folder of what is incomplete has a lock of its own.
  assert.deepEqual(readdirSync(place), ['.incomplete']);
  assert.deepEqual(readdirSync(join(place, '.incomplete')), ['lock']);
  const database = {
    id: 'sql',
    name: 'SQL',
    plugin: 'sql',
    settings: { kind: 'sqlite', path: join(folder, 's.db') },
  };
  assert.equal((await call('POST', '/destinations/test', { destination: database })).body.ok, true);
  assert.ok(existsSync(join(folder, 's.db')));
  const nowhere = { ...destination, settings: { kind: 'folder', directory: join(folder, 's.db', 'x') } };
  const failed = await call('POST', '/destinations/test', { destination: nowhere });
  assert.equal(failed.body.ok, false, JSON.stringify(failed.body));
  assert.ok(failed.body.failure.message.length > 20);
  const wrong = { ...destination, settings: { kind: 'folder' } };
  const refused = await call('POST', '/destinations/test', { destination: wrong });
  assert.equal(refused.status, 400, JSON.stringify(refused.body));
  assert.ok(refused.body.errors.length > 0);
  assert.equal((await call('POST', '/destinations/files/test')).status, 404);
  const etag = (await call('GET', '/settings')).headers.get('etag') ?? '';
  const added = await call('POST', '/destinations', destination, undefined, { 'if-match': etag });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const saved = await call('POST', '/destinations/files/test', undefined, 'Operator');
  assert.equal(saved.body.ok, true, JSON.stringify(saved.body));
});

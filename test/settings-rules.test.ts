import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { loadSettings, parseSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { recordedHost } from '../shared/settings/site.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';

type Json = Record<string, unknown>;
const site: Json = {
  id: 'support',
  name: 'Support',
  host: 'support.example.com',
  account: { kind: 'oauth', clientId: 'client', secret: 'api-secret' },
};
const folder: Json = {
  id: 'files',
  name: 'Files',
  plugin: 'file',
  settings: { kind: 'folder', directory: '/srv/files' },
};
const database: Json = {
  id: 'db',
  name: 'Database',
  plugin: 'sql',
  settings: { kind: 'sqlite', path: '/srv/s.db' },
};
const transfer: Json = { site: 'support', destination: 'files', dataTypes: ['session-data'] };
const schedule: Json = { id: 'daily', name: 'Daily', every: { days: 1 }, transfers: [transfer] };
const whole = { sites: [site], destinations: [folder, database], schedules: [schedule] };

const withSite = (more: Json) => ({ ...whole, sites: [{ ...site, ...more }] });
const withFolder = (more: Json) => ({
  ...whole,
  destinations: [{ ...folder, settings: { kind: 'folder', directory: '/srv/files', ...more } }, database],
});
const withDatabase = (more: Json) => ({
  ...whole,
  destinations: [folder, { ...database, settings: { kind: 'sqlite', path: '/srv/s.db', ...more } }],
});
const withSchedule = (more: Json) => ({ ...whole, schedules: [{ ...schedule, ...more }] });
const every = (period: Json) => withSchedule({ every: period });
const withTransfer = (more: Json) => withSchedule({ transfers: [{ ...transfer, ...more }] });

const transferPlace = 'schedules[0].transfers[0]';
/** What is wrong → where it is said to be. One case for each rule of the schemas. */
const faults: readonly (readonly [what: string, document: unknown, place: string, words?: RegExp])[] = [
  ['no object', 'text', 'document'],
  ['an unknown part', { ...whole, extra: 1 }, 'document', /extra/],
  ['an unknown scheduler', { ...whole, scheduler: 'paused' }, 'scheduler', /running/],
  ['two sites with one id', { ...whole, sites: [site, site] }, 'sites[1].id', /"support" is used twice/],
  [
    'two destinations with one id',
    { ...whole, destinations: [folder, database, folder] },
    'destinations[2].id',
  ],
  ['two schedules with one id', { ...whole, schedules: [schedule, schedule] }, 'schedules[1].id'],
  ['an id with capitals', withSite({ id: 'Support' }), 'sites[0].id', /lower-case/],
  ['an id that is too long', withSite({ id: 'a'.repeat(41) }), 'sites[0].id'],
  ['an id that ends in a hyphen', withSite({ id: 'a-' }), 'sites[0].id'],
  ['no name', withSite({ name: '' }), 'sites[0].name'],
  ['an unknown setting of a site', withSite({ hots: 'x' }), 'sites[0]', /hots/],
  [
    'a host with a scheme',
    withSite({ host: 'https://support.example.com' }),
    'sites[0].host',
    /without https/,
  ],
  ['a host with a path', withSite({ host: 'support.example.com/api' }), 'sites[0].host'],
  ['a host with a user', withSite({ host: 'user@support.example.com' }), 'sites[0].host'],
  ['a recorded host with a port', withSite({ hostName: 'a.example.com:443' }), 'sites[0].hostName'],
  ['an unknown product', withSite({ product: 'SRA' }), 'sites[0].product', /RS/],
  ['no account', withSite({ account: undefined }), 'sites[0].account'],
  ['an unknown kind of account', withSite({ account: { kind: 'basic' } }), 'sites[0].account.kind', /oauth/],
  [
    'an account without its client id',
    withSite({ account: { kind: 'oauth', clientId: '', secret: 's' } }),
    'sites[0].account.clientId',
  ],
  [
    'an account without its user',
    withSite({ account: { kind: 'legacy', secret: 's' } }),
    'sites[0].account.username',
  ],
  [
    'a secret that is no name',
    withSite({ account: { kind: 'oauth', clientId: 'c', secret: 'p@ss word' } }),
    'sites[0].account.secret',
    /a secret name has/,
  ],
  ['a backup password that is no name', withSite({ backupPassword: 'p ss' }), 'sites[0].backupPassword'],
  [
    'an authority that is no PEM',
    withSite({ certificateAuthority: 'x' }),
    'sites[0].certificateAuthority',
    /PEM/,
  ],
  ['no concurrency', withSite({ concurrency: 0 }), 'sites[0].concurrency'],
  ['much concurrency', withSite({ concurrency: 17 }), 'sites[0].concurrency'],
  ['half a request at once', withSite({ concurrency: 1.5 }), 'sites[0].concurrency'],
  ['no requests a second', withSite({ requestsPerSecond: 0 }), 'sites[0].requestsPerSecond'],
  ['no requests an hour', withSite({ requestsPerHour: -1 }), 'sites[0].requestsPerHour'],
  ['no hours until abnormal', withSite({ openSessionHours: 0 }), 'sites[0].openSessionHours'],
  ['hours beyond what appliances keep', withSite({ openSessionHours: 2161 }), 'sites[0].openSessionHours'],
  [
    'an unknown plugin',
    { ...whole, destinations: [{ ...folder, plugin: 'ftp' }] },
    'destinations[0].plugin',
    /"ftp"/,
  ],
  [
    'a folder without its directory',
    withFolder({ directory: undefined }),
    'destinations[0].settings.directory',
  ],
  ['a relative directory', withFolder({ directory: 'files' }), 'destinations[0].settings.directory'],
  [
    'an unknown conflict handling',
    withFolder({ conflictHandling: 'Ask' }),
    'destinations[0].settings.conflictHandling',
  ],
  [
    'an unknown replacement value',
    withFolder({ fileNameFormat: '%FOO%.xml' }),
    'destinations[0].settings.fileNameFormat',
    /FOO/,
  ],
  ['an unknown kind of storage', withFolder({ kind: 'ftp' }), 'destinations[0].settings.kind', /folder/],
  ['a database in memory', withDatabase({ path: ':memory:' }), 'destinations[1].settings.path'],
  [
    'a database on a share',
    withDatabase({ path: '//nas/s.db' }),
    'destinations[1].settings.path',
    /network share/,
  ],
  ['an unknown setting of a database', withDatabase({ user: 'sa' }), 'destinations[1].settings.user', /user/],
  ['no period', every({}), 'schedules[0].every', /give minutes, hours, or days/],
  ['two periods', every({ days: 1, hours: 1 }), 'schedules[0].every', /give minutes, hours, or days/],
  ['no minutes', every({ minutes: 0 }), 'schedules[0].every.minutes'],
  ['more than seven days in minutes', every({ minutes: 10_081 }), 'schedules[0].every.minutes'],
  ['more than seven days in hours', every({ hours: 169 }), 'schedules[0].every.hours'],
  ['more than seven days', every({ days: 8 }), 'schedules[0].every.days'],
  ['half a minute', every({ minutes: 0.5 }), 'schedules[0].every', /whole number/],
  ['a time of day that is none', every({ days: 1, at: '24:00' }), 'schedules[0].every.at', /HH:MM/],
  [
    'a time zone that is none',
    every({ days: 1, timeZone: 'Mars/Base' }),
    'schedules[0].every.timeZone',
    /IANA/,
  ],
  ['no transfer', withSchedule({ transfers: [] }), 'schedules[0].transfers'],
  [
    'a transfer from nowhere',
    withTransfer({ site: 'nowhere' }),
    `${transferPlace}.site`,
    /no site "nowhere"/,
  ],
  [
    'a transfer to nowhere',
    withTransfer({ destination: 'nowhere' }),
    `${transferPlace}.destination`,
    /no destination/,
  ],
  ['no data type', withTransfer({ dataTypes: [] }), `${transferPlace}.dataTypes`],
  [
    'an unknown data type',
    withTransfer({ dataTypes: ['chat'] }),
    `${transferPlace}.dataTypes[0]`,
    /session-data/,
  ],
  [
    'recordings into a database',
    withTransfer({ destination: 'db', dataTypes: ['session-recording'] }),
    `${transferPlace}.dataTypes`,
    /can only be saved to files, not to "Database"/,
  ],
  [
    'backups into a database',
    withTransfer({ destination: 'db', dataTypes: ['backup'] }),
    `${transferPlace}.dataTypes`,
  ],
  ['an unknown beginning', withTransfer({ begin: { kind: 'never' } }), `${transferPlace}.begin.kind`],
  [
    'a beginning without its days',
    withTransfer({ begin: { kind: 'days-back' } }),
    `${transferPlace}.begin.days`,
  ],
  [
    'a beginning that is no instant',
    withTransfer({ begin: { kind: 'date', at: '2026-01-01' } }),
    `${transferPlace}.begin.at`,
  ],
];

test('every rule says on one line where the fault is', () => {
  for (const [what, document, place, words] of faults) {
    assert.throws(
      () => parseSettings(document),
      (error) => {
        assert.ok(error instanceof Failure, what);
        assert.deepEqual([error.kind, error.code], ['terminal', 'bad-settings']);
        assert.ok(error.message.startsWith(`Settings: ${place}: `), `${what}: ${error.message}`);
        assert.ok(!error.message.includes('\n') && error.message.length < 400, what);
        assert.match(error.message, words ?? /./, what);
        return true;
      },
      what,
    );
  }
});

test('whole settings are taken, with what is left out filled in as documented', () => {
  const settings = parseSettings(whole);
  assert.deepEqual(settings.sites[0], {
    ...site,
    concurrency: 4,
    requestsPerSecond: 20,
    requestsPerHour: 15_000,
    openSessionHours: 72,
    recordingRetryHours: 24,
    applianceKeepsDays: 90,
  });
  const { reconcileDays, reconcileWeeklyDays, reconcileHour } = settings.application;
  assert.deepEqual([reconcileDays, reconcileWeeklyDays, reconcileHour], [7, 90, 4]);
  assert.deepEqual(settings.schedules[0]?.every, { days: 1, at: '00:00', timeZone: 'UTC' });
  assert.deepEqual(settings.schedules[0]?.transfers[0]?.begin, { kind: 'days-back', days: 90 });
  assert.equal(settings.schedules[0]?.enabled, true);
  assert.equal(settings.scheduler, 'running');
  assert.deepEqual(settings.destinations[1]?.settings, {
    kind: 'sqlite',
    path: '/srv/s.db',
    storeSystemInformation: true,
    storeCapabilityUrls: false,
  });
  // What was read once reads the same again.
  assert.deepEqual(parseSettings(settings), settings);
  assert.deepEqual(parseSettings({}).sites, []);
});

test('of many faults the first five are told and the rest counted', () => {
  const sites = Array.from({ length: 8 }, (_, at) => ({ ...site, id: `s${at}`, name: '' }));
  assert.throws(() => parseSettings({ ...whole, sites }), /sites\[4\]\.name: .*; and \d+ more$/);
});

test('a message quotes nothing of a document that could hold a secret', () => {
  const value = 'S3cret-Value!';
  for (const document of [
    withSite({ account: { kind: 'oauth', clientId: 'c', secret: value } }),
    withSite({ backupPassword: value }),
    withFolder({ kind: 'blob', connectionSecret: value, container: 'c' }),
  ]) {
    assert.throws(
      () => parseSettings(document),
      (error) => error instanceof Failure && !error.message.includes(value),
    );
  }
});

test('the recorded host is the host without its port, unless it is set', () => {
  const hostOf = (more: Json) => {
    const [read] = parseSettings(withSite(more)).sites;
    assert.ok(read);
    return recordedHost(read);
  };
  assert.equal(hostOf({}), 'support.example.com');
  assert.equal(hostOf({ host: 'support.example.com:8443' }), 'support.example.com');
  assert.equal(hostOf({ host: '[2001:db8::1]:443' }), '2001-db8--1');
  assert.equal(hostOf({ host: '[2001:db8::1]' }), '2001-db8--1');
  assert.equal(hostOf({ hostName: 'old.example.com' }), 'old.example.com');
});

test('settings are saved under the ETag that was read, and by one of two', async () => {
  const state = openSqliteState(':memory:');
  const empty = await loadSettings(state);
  assert.equal(empty.etag, undefined);
  assert.deepEqual(empty.settings.schedules, []);
  const first = await saveSettings(state, whole);
  await assert.rejects(saveSettings(state, whole), { code: 'settings-changed' });
  const second = await saveSettings(state, withSite({ name: 'New' }), first.etag);
  await assert.rejects(saveSettings(state, withSite({ name: 'Late' }), first.etag), {
    code: 'settings-changed',
  });
  const stored = await loadSettings(state);
  assert.deepEqual([stored.settings.sites[0]?.name, stored.etag], ['New', second.etag]);
  await assert.rejects(saveSettings(state, { sites: 'x' }, second.etag), { code: 'bad-settings' });
  assert.equal((await loadSettings(state)).etag, second.etag);
  await state.close();
});

test('settings are checked once for as long as they stay, whoever saves them, and no reader can change them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [ours, others] = [1, 2].map(() => openSqliteState(join(folder, 'state.db')));
  assert.ok(ours && others);
  const { etag } = await saveSettings(ours, whole);
  const { settings } = await loadSettings(ours);
  assert.equal((await loadSettings(ours)).settings, settings);
  assert.throws(() => settings.sites.push(...settings.sites), TypeError);
  assert.throws(() => Object.assign(settings.sites[0] ?? {}, { name: 'Mine' }), TypeError);
  await saveSettings(others, withSite({ name: 'Theirs' }), etag);
  assert.equal((await loadSettings(ours)).settings.sites[0]?.name, 'Theirs');
  for (const state of [ours, others]) await state.close();
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRun, getRun, type Run, runId } from '../shared/runs/run.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import type { ApiAccount } from './appliance/simulated-appliance.ts';
import { cli, letCliIn, startCli } from './support/cli.ts';
import { type Installation, startInstallation } from './support/installation.ts';

/** May read sessions and no backups. */
const narrow: ApiAccount = {
  ...defaultOAuthAccount,
  id: 'narrow',
  secret: 'narrow-secret',
  permissions: { perm_reporting_support: '1', perm_command: 'read_only' },
};

let installation: Installation;
before(async () => {
  installation = await startInstallation({
    hoursBack: 1,
    sites: { support: { accounts: [defaultOAuthAccount, narrow] } },
  });
  letCliIn(installation);
});
after(() => installation.close());

/** A pull that goes on for as long as nobody ends it: no host works on it. */
async function endlessRun(name: string): Promise<string> {
  const run: Run = {
    id: runId(Date.now(), name),
    kind: 'pull',
    dueAt: new Date().toISOString(),
    status: 'running',
    transfers: [],
  };
  await createRun(installation.services.state, run);
  return run.id;
}

test('Ctrl-C while a run is waited for says that it goes on', async () => {
  const id = await endlessRun('goes-on');
  const { child, said, ended } = startCli(['runs', 'watch', id, '--data', installation.data.folder]);
  await said('Ctrl-C stops waiting');
  child.kill('SIGINT');
  const end = await ended();
  assert.deepEqual([end.code, end.out], [130, '']);
  assert.match(end.said, new RegExp(`The run goes on: runs watch ${id}`));
  assert.doesNotMatch(end.said, /^\s+at /m);
  assert.equal((await getRun(installation.services.state, id))?.cancelRequested, undefined);
});

test('Ctrl-C cancels the pull where that was asked for', async () => {
  const id = await endlessRun('cancelled');
  const stop = new AbortController();
  const args = ['runs', 'watch', id, '--cancel-on-interrupt', '--data', installation.data.folder];
  const end = await cli(args, { interrupted: stop.signal, progress: () => stop.abort() });
  assert.equal(end.code, 130);
  assert.match(end.said, /is being cancelled/);
  assert.equal((await getRun(installation.services.state, id))?.cancelRequested, true);
});

test('setup asks until the answers are right, and saves everything at once', async () => {
  const { data, services } = installation;
  const [known] = (await loadSettings(services.state)).settings.sites;
  const authority = join(data.folder, 'authority.pem');
  writeFileSync(authority, known?.certificateAuthority ?? '');
  const directory = join(data.folder, 'guided');
  const answers = [
    'https://wrong/form',
    known?.host,
    'Not An Id',
    'guided',
    'Guided site',
    '',
    'oauth',
    defaultOAuthAccount.id,
    'not the secret',
    authority,
    // The test has failed: again, with the answers of before but for the secret.
    'again',
    ...['', '', '', '', '', ''],
    defaultOAuthAccount.secret,
    '',
    'guided-files',
    'Guided files',
    'folder',
    'relative/folder',
    // What the instance refuses can be put right, too.
    'again',
    ...['', '', ''],
    directory,
    'nonsense',
    'session-data,backup',
    'guided',
    'Guided schedule',
    '0',
    '30',
    '2',
    'y',
  ];
  const before = (await loadSettings(services.state)).settings;
  const { child, ended } = startCli(['setup', '--data', data.folder]);
  child.stdin.end(answers.map((line) => `${line}\n`).join(''));
  const end = await ended();
  assert.equal(end.code, 0, end.said);
  assert.doesNotMatch(end.said + end.out, new RegExp(defaultOAuthAccount.secret));
  const { settings } = await loadSettings(services.state);
  const site = settings.sites.find(({ id }) => id === 'guided');
  assert.deepEqual(site?.account, { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'guided-api' });
  assert.equal(site.product, 'RS');
  const destination = settings.destinations.find(({ id }) => id === 'guided-files');
  assert.equal((destination?.settings as { directory?: string } | undefined)?.directory, directory);
  const schedule = settings.schedules.find(({ id }) => id === 'guided');
  assert.deepEqual(schedule?.every, { minutes: 30 });
  assert.deepEqual(
    schedule?.transfers.map(({ dataTypes, begin }) => ({ dataTypes, begin })),
    [{ dataTypes: ['session-data', 'backup'], begin: { kind: 'days-back', days: 2 } }],
  );
  const secrets = JSON.parse(readFileSync(data.secrets, 'utf8')) as Record<string, string>;
  assert.equal(secrets['guided-api'], defaultOAuthAccount.secret);
  // What was there is there as it was.
  assert.deepEqual(settings.sites.slice(0, before.sites.length), before.sites);
  assert.deepEqual(settings.schedules.slice(0, before.schedules.length), before.schedules);
});

test('setup by options alone changes what has the same ids, and saves nothing where a test fails', async () => {
  const { data, services } = installation;
  const [known] = (await loadSettings(services.state)).settings.sites;
  const authority = join(data.folder, 'authority.pem');
  writeFileSync(authority, known?.certificateAuthority ?? '');
  const file = join(data.folder, 'answers.json');
  const answers = {
    host: known?.host,
    'site-id': 'scripted',
    'client-id': defaultOAuthAccount.id,
    'certificate-authority': authority,
    'destination-id': 'scripted-files',
    storage: 'folder',
    directory: join(data.folder, 'scripted'),
    'data-types': ['session-data'],
    every: 60,
  };
  writeFileSync(file, JSON.stringify(answers));
  const args = ['setup', '--answers', file, '--yes', '--data', data.folder];
  const before = await loadSettings(services.state);
  const secretBefore = readFileSync(data.secrets, 'utf8');
  const refused = await cli(args, { environment: { INTEGRATION_CLIENT_SITE_SECRET: 'wrong' } });
  assert.equal(refused.code, 1);
  assert.match(refused.said, /The test failed: .* Nothing was saved\./);
  const missing = await cli(args);
  assert.deepEqual([missing.code, /--secret: is missing/.test(missing.said)], [2, true], missing.said);
  const unknown = await cli([...args, '--data-types', 'nonsense'], {
    environment: { INTEGRATION_CLIENT_SITE_SECRET: defaultOAuthAccount.secret },
  });
  assert.match(unknown.said, /--data-types: "nonsense" is none of/);
  assert.deepEqual(await loadSettings(services.state), before);
  assert.equal(readFileSync(data.secrets, 'utf8'), secretBefore);

  const environment = { INTEGRATION_CLIENT_SITE_SECRET: defaultOAuthAccount.secret };
  const done = await cli(args, { environment });
  assert.equal(done.code, 0, done.said);
  const again = await cli([...args, '--every', '120'], { environment });
  assert.equal(again.code, 0, again.said);
  const { settings } = await loadSettings(services.state);
  const made = settings.schedules.filter(({ id }) => id === 'scripted');
  assert.deepEqual(
    made.map(({ every }) => every),
    [{ minutes: 120 }],
  );
  assert.equal(settings.sites.filter(({ id }) => id === 'scripted').length, 1);
});

test('setup names the permissions that the data types need and the account does not have', async () => {
  const { data, services } = installation;
  const before = await loadSettings(services.state);
  const [known] = before.settings.sites;
  const authority = join(data.folder, 'authority.pem');
  writeFileSync(authority, known?.certificateAuthority ?? '');
  const site = ['--host', known?.host ?? '', '--site-id', 'narrow', '--client-id', 'narrow'];
  const more = ['--certificate-authority', authority, '--destination-id', 'folder'];
  const args = ['setup', '--yes', ...site, ...more, '--data', data.folder];
  const environment = { INTEGRATION_CLIENT_SITE_SECRET: narrow.secret };
  const refused = await cli([...args, '--data-types', 'session-data,backup'], { environment });
  assert.equal(refused.code, 1);
  assert.match(refused.said, /Missing permissions: perm_backup\. Nothing was saved\.\n$/);
  assert.deepEqual(await loadSettings(services.state), before);
  const fitting = await cli([...args, '--data-types', 'session-data'], { environment });
  assert.equal(fitting.code, 0, fitting.said);
  const { settings } = await loadSettings(services.state);
  assert.deepEqual(settings.destinations, before.settings.destinations);
});

test('setup that is not answered to its end saves nothing', async () => {
  const { data, services } = installation;
  const before = await loadSettings(services.state);
  const answers = ['unanswered.example.com', 'unanswered'].values();
  const end = await cli(['setup', '--data', data.folder], { ask: async () => answers.next().value });
  assert.equal(end.code, 2);
  assert.match(end.said, /The answers ended at "Name of the site"; nothing was saved\.\n$/);
  assert.deepEqual(await loadSettings(services.state), before);
});

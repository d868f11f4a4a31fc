import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { getRun } from '../shared/runs/run.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import { cli, letCliIn } from './support/cli.ts';
import { type Installation, startInstallation } from './support/installation.ts';

let installation: Installation | undefined;
async function stored(): Promise<Installation> {
  if (installation === undefined) {
    installation = await startInstallation({
      hoursBack: 3,
      destinations: (data) => [
        {
          id: 'folder',
          name: 'Folder',
          plugin: 'file',
          settings: { kind: 'folder', directory: data.files },
        },
      ],
      transfers: [
        {
          site: 'support',
          destination: 'folder',
          dataTypes: ['session-data', 'session-recording', 'backup'],
        },
      ],
    });
    letCliIn(installation);
    await installation.run();
  }
  return installation;
}
after(() => installation?.close());

async function at(...args: string[]) {
  const { data } = await stored();
  return cli([...args, '--data', data.folder]);
}

async function rows<T>(...args: string[]): Promise<T[]> {
  const { code, out, said } = await at(...args, '--json');
  assert.equal(code, 0, said);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

const settingsNow = async () => (await loadSettings((await stored()).services.state)).settings;

test('runs are listed and shown as the installation has them', async () => {
  const { services } = await stored();
  const [run] = await rows<{ id: string; status: string }>('runs', 'list');
  assert.equal(run?.status, 'succeeded');
  const kept = await getRun(services.state, run.id);
  const shown = await at('runs', 'show', run.id);
  assert.equal(shown.code, 0);
  for (const { counts } of kept?.results ?? [])
    assert.match(shown.out, new RegExp(`stored ${counts.stored}`));
  const none = await at('runs', 'show', 'nothing');
  assert.deepEqual([none.code, none.said], [2, 'There is no run "nothing".\n']);
});

test('pull says beforehand what it would do, does it, and waits for it', async () => {
  const { services, appliance } = await stored();
  const [session] = [...appliance().truth.sessions()];
  const lsid = session?.session.lsid ?? '';
  const args = [
    '--sites',
    'support',
    '--destinations',
    'folder',
    '--data-types',
    'session-data',
    '--sessions',
    lsid,
  ];
  const before = (await rows('runs', 'list', '--kind', 'pull')).length;
  const dry = await at('pull', ...args, '--dry-run');
  assert.equal(dry.code, 0, dry.said);
  assert.match(dry.out, /session-data/);
  assert.equal((await rows('runs', 'list', '--kind', 'pull')).length, before);
  const [run] = await rows<{ id: string }>('pull', ...args, '--wait');
  const kept = await getRun(services.state, run?.id ?? '');
  assert.equal(kept?.status, 'succeeded');
  assert.deepEqual(kept.selection, { by: 'lsids', lsids: [lsid] });
  const unknown = await at('pull', ...args.with(1, 'nowhere'));
  assert.deepEqual([unknown.code, unknown.said], [2, 'There is no site "nowhere" in the settings.\n']);
});

test('the examples of the README work as they stand there', async () => {
  const { data } = await stored();
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const section = /^## Command line\n(.*?)^## /ms.exec(readme)?.[1] ?? '';
  const lines = [...section.matchAll(/^npm run (?:--silent )?cli -- (.+)$/gm)].map(([, line = '']) => line);
  // What stands in capitals is for the reader to fill in.
  const whole = lines.filter(
    (line) => !/\b[A-Z][A-Z-]+\b(?!\s+\/)/.test(line.replaceAll(/\S*\d{4}-\S+/g, '')),
  );
  assert.ok(whole.length >= 14, `${whole.length} examples`);
  for (const line of whole) {
    const args = line.split(' ').map((word) => (word === 'settings.json' ? join(data.folder, word) : word));
    const { code, said } = await at(...args);
    assert.ok(code === 0 || code === 1, `${line}: ${said}`);
  }
});

test('schedules and the scheduler are paused and resumed', async () => {
  await stored();
  assert.equal((await at('schedules', 'pause', 'all')).code, 0);
  assert.equal((await settingsNow()).schedules[0]?.enabled, false);
  assert.equal((await at('schedules', 'resume', 'all')).code, 0);
  assert.equal((await settingsNow()).schedules[0]?.enabled, true);
  await at('scheduler', 'stop');
  assert.equal((await settingsNow()).scheduler, 'stopped');
  assert.match((await at('scheduler', 'show')).out, /^state +stopped$/m);
  await at('scheduler', 'start');
  assert.equal((await settingsNow()).scheduler, 'running');
});

test('settings are exported, changed, imported and restored', async () => {
  const { data } = await stored();
  const file = join(data.folder, 'export.json');
  assert.equal((await at('settings', 'export', '--out', file)).code, 0);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const before = await settingsNow();
  writeFileSync(file, readFileSync(file, 'utf8').replace('"Site support"', '"Another name"'));
  const dry = await at('settings', 'import', file, '--dry-run');
  assert.match(dry.out, /sites\[support\]\.name/);
  assert.deepEqual(await settingsNow(), before);
  assert.equal((await at('settings', 'import', file)).code, 0);
  assert.equal((await settingsNow()).sites[0]?.name, 'Another name');
  const [last] = await rows<{ version: number }>('settings', 'history', '--limit', '1');
  assert.equal((await at('settings', 'restore', String((last?.version ?? 0) - 1))).code, 0);
  assert.deepEqual(await settingsNow(), before);
  const stale = await at('settings', 'import', file, '--etag', '"1"');
  assert.equal(stale.code, 1);
  assert.deepEqual(await settingsNow(), before);
});

test('a site is added, changed and removed by files', async () => {
  const { data } = await stored();
  const file = join(data.folder, 'site.json');
  const site = {
    id: 'second',
    name: 'Second',
    host: 'second.example.com',
    account: { kind: 'oauth', clientId: 'x', secret: 'account' },
  };
  writeFileSync(file, JSON.stringify(site));
  assert.equal((await at('sites', 'add', file)).code, 0);
  writeFileSync(file, JSON.stringify({ ...site, name: 'Renamed' }));
  assert.equal((await at('sites', 'save', 'second', file)).code, 0);
  assert.deepEqual(
    (await settingsNow()).sites.map(({ name }) => name),
    ['Site support', 'Renamed'],
  );
  assert.equal((await at('sites', 'remove', 'second')).code, 0);
  assert.equal((await settingsNow()).sites.length, 1);
});

test('the value of a secret is asked for or piped in, and shown nowhere', async () => {
  const { data } = await stored();
  const asked: boolean[] = [];
  const ask = async (_: string, { hidden = false } = {}) => {
    asked.push(hidden);
    return 'typed-value';
  };
  const typed = await cli(['secrets', 'set', 'one', '--data', data.folder], { ask });
  const input = async () => new TextEncoder().encode('piped-value\n');
  const piped = await cli(['secrets', 'set', 'two', '--stdin', '--data', data.folder], { input });
  assert.deepEqual([typed.code, piped.code, asked], [0, 0, [true]]);
  assert.doesNotMatch(typed.out + typed.said + piped.out + piped.said, /value\b/);
  const kept = JSON.parse(readFileSync(data.secrets, 'utf8')) as Record<string, string>;
  assert.deepEqual([kept.one, kept.two], ['typed-value', 'piped-value']);
});

test('tests of sites and destinations end with 1 where they fail', async () => {
  const { data } = await stored();
  assert.equal((await at('sites', 'test', 'support')).code, 0);
  assert.equal((await at('destinations', 'test', 'folder')).code, 0);
  const [site] = (await settingsNow()).sites;
  const ask = async () => 'not the secret';
  const args = ['sites', 'try', '--site', JSON.stringify(site), '--ask-secret', '--data', data.folder];
  const wrong = await cli(args, { ask });
  assert.equal(wrong.code, 1, wrong.said);
  assert.match(wrong.out, /^failure .*support/m);
});

test('what is stored is found and downloaded, and a download goes on where it was cut off', async () => {
  const { data } = await stored();
  const sessions = await rows<{ lsid: string }>('catalog', 'search', '--site', 'support', '--all');
  assert.ok(sessions.length > 3);
  const [backup] = await rows<{ id: string; name: string; sha256: string }>(
    ...['catalog', 'files', '--site', 'support', '--stream', 'backup'],
  );
  assert.ok(backup);
  const original = readFileSync(join(data.files, backup.name));
  const out = join(data.folder, 'downloaded.nsb');
  writeFileSync(`${out}.${backup.sha256.slice(0, 12)}.part`, original.subarray(0, 7_000));
  const starts: string[] = [];
  const progress = (line: string) => {
    if (line !== '') starts.push(line);
  };
  const args = ['catalog', 'download', backup.id, '--out', out, '--data', data.folder];
  assert.equal((await cli(args, { progress })).code, 0);
  assert.match(starts[0] ?? '', /: 0\.0 of/);
  assert.deepEqual(readFileSync(out), original);
  assert.equal((await cli(args)).code, 2);
  // Another beginning: what comes of it is not what was stored, and is not left behind.
  const other = join(data.folder, 'other.nsb');
  writeFileSync(`${other}.${backup.sha256.slice(0, 12)}.part`, Buffer.alloc(100, 1));
  const spoilt = await at('catalog', 'download', backup.id, '--out', other);
  assert.equal(spoilt.code, 1);
  assert.deepEqual(
    readdirSync(data.folder).filter((name) => name.startsWith('other.nsb')),
    [],
  );
});

test('a report lists what the appliance has', async () => {
  const { began, appliance } = await stored();
  const from = new Date((began - 2 * 3600) * 1000).toISOString();
  const to = new Date((began - 1800) * 1000).toISOString();
  const args = ['report', 'session-listing', 'support', '--by', 'start_time', '--from', from, '--to', to];
  const listed = (await rows<{ lsid: string }>(...args)).map(({ lsid }) => lsid).toSorted();
  const truth = [...appliance().truth.sessions()]
    .map(({ session }) => session)
    .filter(({ startTime }) => (startTime ?? 0) >= began - 2 * 3600 && (startTime ?? 0) < began - 1800);
  assert.deepEqual(listed, truth.map(({ lsid }) => lsid).toSorted());
  assert.ok(listed.length > 1);
  const some = await at(...args, '--limit', '1');
  assert.equal(some.code, 1);
  assert.match(some.said, /There is more/);
});

test('reconcile waits for its end, and coverage is a table or CSV of its rows', async () => {
  const { passTime } = await stored();
  passTime(26 * 3600);
  const reconciled = await at('reconcile', '--days', '3', '--wait');
  assert.equal(reconciled.code, 0, reconciled.said + reconciled.out);
  const kept = await rows<{ day: string; stored?: number }>('coverage');
  assert.ok(kept.length > 0);
  const csv = (await at('coverage', '--csv')).out.trimEnd().split('\r\n');
  assert.match(csv[0] ?? '', /^day,siteId,stream/);
  assert.deepEqual(
    csv.slice(1).map((line) => line.split(',')[0]),
    kept.map(({ day }) => day),
  );
  assert.equal((await at('coverage')).out.trimEnd().split('\n').length, kept.length + 1);
});

test('a command of the appliance takes its parameters as options, and says what is wrong with them', async () => {
  const { sent } = await stored();
  const before = sent().length;
  const health = await at('appliance', 'check-health', 'support', '--json');
  assert.equal(health.code, 0);
  assert.equal((JSON.parse(health.out) as { success: boolean }).success, true);
  assert.ok(sent().length > before);
  const wrong = await at('appliance', 'generate_session_key', 'support', '--type', 'other');
  assert.equal(wrong.code, 2);
  assert.match(wrong.said, /--type other: give one of/);
});

test('the password of a console script is asked for, and the file is for its owner alone', async () => {
  const { data } = await stored();
  const ask = async () => 'typed-password';
  const args = ['client-script', 'login', 'support', '--mechanism', 'username_password', '--username', 'u'];
  const { code, out, said } = await cli(
    [...args, '--ask-password', '--out', data.folder, '--data', data.folder],
    { ask },
  );
  assert.equal(code, 0, said);
  assert.match(out, /^https:\/\//);
  const name = readdirSync(data.folder).find((one) => one.includes('.brcs-')) ?? '';
  assert.equal(statSync(join(data.folder, name)).mode & 0o777, 0o600);
  assert.match(readFileSync(join(data.folder, name), 'utf8'), /typed-password/);
});

test('an upload that was cut off goes on with what is missing, and is loaded once', async () => {
  const { data } = await stored();
  const names = readdirSync(data.files).filter((name) => name.endsWith('.xml'));
  const largest =
    names.toSorted((a, b) => statSync(join(data.files, b)).size - statSync(join(data.files, a)).size)[0] ??
    '';
  const file = join(data.folder, 'sessions.xml');
  // Blank space after the last tag is still XML: it makes parts.
  writeFileSync(file, Buffer.concat([readFileSync(join(data.files, largest)), Buffer.alloc(200_000, ' ')]));
  const args = [
    'import',
    file,
    '--site',
    'support',
    '--destinations',
    'folder',
    '--data-types',
    'session-data',
    '--part-bytes',
    '16384',
  ];
  const stop = new AbortController();
  const cut = await cli([...args, '--data', data.folder], {
    interrupted: stop.signal,
    progress: (line) => {
      if (/part 4 of/.test(line)) stop.abort();
    },
  });
  assert.equal(cut.code, 130);
  const [begun, ...others] = await rows<{ id: string; received: number; parts: number; state: string }>(
    'imports',
    'list',
  );
  assert.ok(begun && others.length === 0);
  assert.equal(begun.state, 'incomplete');
  assert.ok(begun.received >= 4 && begun.received < begun.parts);
  const lines: string[] = [];
  const again = await cli([...args, '--keep', '--data', data.folder], {
    progress: (line) => lines.push(line),
  });
  assert.equal(again.code, 0, again.said);
  assert.match(again.said, new RegExp(begun.id));
  // What was on its way when it was cut off may have come as well.
  const [, there = ''] = /part (\d+) of/.exec(lines[0] ?? '') ?? [];
  assert.ok(Number(there) >= begun.received, lines[0]);
  const [loaded] = await rows<{ state: string; run: { status: string } }>('imports', 'list');
  assert.deepEqual([loaded?.state, loaded?.run.status], ['loaded', 'succeeded']);
  assert.equal((await at('imports', 'remove', begun.id)).code, 0);
  assert.deepEqual(await rows('imports', 'list'), []);
});

test('sessions of a host in no settings are loaded with credentials for this load alone', async () => {
  const { data, appliance, services } = await stored();
  const [first = ''] = readdirSync(data.files).filter((name) => name.endsWith('.xml'));
  const authority = join(data.folder, 'authority.pem');
  writeFileSync(authority, appliance().caPem);
  const args = [
    'import',
    join(data.files, first),
    '--host',
    appliance().address,
    '--host-name',
    'elsewhere.example.com',
  ];
  const more = [
    '--client-id',
    defaultOAuthAccount.id,
    '--certificate-authority',
    authority,
    '--destinations',
    'folder',
  ];
  const types = ['--data-types', 'session-data', '--data', data.folder];
  const environment = { INTEGRATION_CLIENT_SITE_SECRET: defaultOAuthAccount.secret };
  const loaded = await cli([...args, ...more, ...types], { environment });
  assert.equal(loaded.code, 0, loaded.said);
  assert.ok(readdirSync(data.files).some((name) => name.startsWith('elsewhere.example.com')));
  // What was sent is gone once it was loaded whole.
  assert.deepEqual(await rows('imports', 'list'), []);
  assert.deepEqual((await loadSettings(services.state)).settings.sites.length, 1);
  const both = await cli([...args, ...more, '--username', 'x', ...types], { environment });
  assert.deepEqual([both.code, both.said], [2, 'Give --client-id or --username, not both.\n']);
});

test('the audit log holds what was done here, whole', async () => {
  const entries = await rows<{ operation: string; outcome: string }>('audit', 'list', '--all');
  for (const operation of ['startPull', 'putSecret', 'importSettings', 'getFileContent'])
    assert.ok(
      entries.some((one) => one.operation === operation && one.outcome === 'done'),
      operation,
    );
  const verified = await at('audit', 'verify');
  assert.deepEqual([verified.code, /0 breaks/.test(verified.out)], [0, true]);
});

test('anything else is reached by its address', async () => {
  const { data } = await stored();
  const { code, out } = await at('api', 'GET', '/settings');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(await settingsNow())));
  assert.ok(existsSync(data.apiToken));
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { type Ended, isForPeople, startProgram } from './support/program.ts';

const base = mkdtempSync(join(tmpdir(), 'fault-program-'));
const SECRET = 'canary-5f1e-battery-staple';
const WRONG = 'canary-77aa-wrong-secret';
const now = Math.floor(Date.now() / 1000);
const allowed = { perm_command: 'read_only', perm_reporting_support: '1', perm_backup: '1' };

let appliance: SimulatedAppliance;
before(async () => {
  const account = (id: string, permissions: Record<string, string>) =>
    ({ kind: 'oauth', id, secret: SECRET, permissions }) as const;
  appliance = await startAppliance({
    product: 'RS',
    seed: 5,
    sessions: 9,
    from: now - 3 * 3600,
    to: now - 60,
    events: 3,
    recordingBytes: [1000, 2000],
    backupBytes: 1000,
    oddities: 'plain',
    accounts: [
      account('client', allowed),
      account('no-reports', { ...allowed, perm_reporting_support: '0' }),
      account('no-backup', { ...allowed, perm_backup: '0' }),
      account('no-command', { ...allowed, perm_command: 'deny' }),
      { kind: 'legacy', id: 'user', secret: SECRET },
    ],
  });
});
after(async () => {
  await appliance.close();
  rmSync(base, { recursive: true, force: true });
});

interface Case {
  readonly site?: object;
  readonly account?: object;
  readonly destination?: object;
  readonly schedules?: readonly unknown[];
  /** In place of all that: what the settings file holds. */
  readonly settings?: string;
  readonly secrets?: string;
  readonly secretsMode?: number;
  readonly args?: readonly string[];
}

let cases = 0;
async function start(what: Case = {}): Promise<Ended> {
  const data = join(base, `data-${++cases}`);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, '.integration-client'), '');
  const file = join(base, `settings-${cases}.json`);
  writeFileSync(join(data, 'secrets.json'), what.secrets ?? JSON.stringify({ account: SECRET }), {
    mode: what.secretsMode ?? 0o600,
  });
  writeFileSync(file, what.settings ?? JSON.stringify(settings(data, what)));
  const args = ['--once', '--port', '0', '--data', data, '--settings', file, ...(what.args ?? [])];
  return startProgram(args);
}

function settings(data: string, { site, account, destination, schedules }: Case): unknown {
  return {
    sites: [
      {
        id: 'support',
        name: 'Support',
        host: appliance.address,
        hostName: 'support.example.com',
        account: { kind: 'oauth', clientId: 'client', secret: 'account', ...account },
        certificateAuthority: appliance.caPem,
        ...site,
      },
    ],
    destinations: [
      {
        id: 'folder',
        name: 'Folder',
        plugin: 'file',
        settings: { kind: 'folder', directory: join(data, 'files'), ...destination },
      },
    ],
    schedules: schedules ?? [
      {
        id: 'all',
        name: 'All',
        every: { minutes: 15 },
        transfers: [
          {
            site: 'support',
            destination: 'folder',
            dataTypes: ['session-data', 'session-recording', 'backup'],
          },
        ],
      },
    ],
  };
}

/** Refused before anything ran: one line, exit code 2, nothing on the standard output. */
function refused(ended: Ended, says: RegExp): void {
  assert.equal(ended.code, 2, ended.says + ended.out);
  assert.equal(ended.out, '');
  isForPeople(ended, [SECRET, WRONG]);
  assert.equal(ended.says.trimEnd().split('\n').length, 1, ended.says);
  assert.match(ended.says, says);
}

/** Ran, and could not do everything: exit code 1, the reason on the terminal and in the JSON. */
function failed(ended: Ended, code: string, says: RegExp): Run {
  assert.equal(ended.code, 1, ended.says + ended.out);
  isForPeople(ended, [SECRET, WRONG]);
  const { succeeded, runs } = JSON.parse(ended.out) as { succeeded: boolean; runs: Run[] };
  assert.equal(succeeded, false);
  const [run] = runs;
  assert.ok(run && runs.length === 1);
  const failures = (run.results ?? []).flatMap(({ failure }) => failure ?? []);
  assert.ok(
    failures.some((failure) => failure.code === code && says.test(failure.message)),
    JSON.stringify(run.results),
  );
  assert.match(ended.says, says);
  return run;
}

test('settings that cannot be used are refused before anything is touched', async () => {
  const bad = await Promise.all([
    start({ settings: '{"sites": [' }),
    start({ settings: '[]' }),
    start({ site: { host: 'https://support.example.com/login' } }),
    start({ account: { secret: 'not a name' } }),
  ]);
  refused(bad[0] as Ended, /^--settings .*settings-\d+\.json: not JSON/);
  refused(bad[1] as Ended, /settings-\d+\.json.*document/);
  refused(bad[2] as Ended, /settings-\d+\.json.*sites\[0\]\.host: give the host name alone/);
  refused(bad[3] as Ended, /settings-\d+\.json.*sites\[0\]\.account\.secret/);
  const transfer = { site: 'nowhere', destination: 'folder', dataTypes: ['session-data'] };
  const unknown = await start({
    schedules: [{ id: 'all', name: 'All', every: { minutes: 15 }, transfers: [transfer] }],
  });
  refused(unknown, /schedules\[0\]\.transfers\[0\]\.site: there is no site "nowhere"/);
  const missing = await start({ args: ['--settings', join(base, 'nothing.json')] });
  refused(missing, /nothing\.json: there is no such file/);
  const empty = await start({ schedules: [] });
  assert.equal(empty.code, 0);
  assert.match(empty.says, /no enabled schedule/);
});

test('a port or a data folder that is taken is said in one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  refused(await start({ args: ['--port', String(port)] }), new RegExp(`port ${port}.*in use`));
  writeFileSync(join(base, 'a-file'), '');
  refused(
    await start({ args: ['--data', join(base, 'a-file', 'data')] }),
    /a-file.*give a folder that can be written/,
  );
});

test('a host that cannot be reached, is not known, or is not trusted', async () => {
  const ended = await Promise.all([
    start({ site: { host: 'localhost:1' } }),
    start({ site: { host: 'no-such-host.invalid' } }),
    start({ site: { certificateAuthority: undefined } }),
  ]);
  const [nobody, unknown, untrusted] = ended as [Ended, Ended, Ended];
  failed(nobody, 'unreachable', /Support \(localhost:1\) cannot be reached \(ECONNREFUSED\)/);
  failed(unknown, 'unreachable', /Support \(no-such-host\.invalid\) cannot be reached/);
  failed(
    untrusted,
    'certificate',
    /certificate of Support \(localhost:\d+\) is not trusted.*certificate authority/,
  );
});

test('a secret that is wrong, missing or readable by others, and a permission that is missing', async () => {
  const [wrong, legacy, missing, readable, malformed] = (await Promise.all([
    start({ secrets: JSON.stringify({ account: WRONG }) }),
    start({
      secrets: JSON.stringify({ account: WRONG }),
      account: { kind: 'legacy', clientId: undefined, username: 'user' },
    }),
    start({ secrets: '{}' }),
    start({ secretsMode: 0o644 }),
    start({ secrets: `{"account": "${SECRET}` }),
  ])) as [Ended, Ended, Ended, Ended, Ended];
  failed(
    wrong,
    'wrong-secret',
    /Support \(localhost:\d+\) refused the API account: check client id and secret/,
  );
  failed(
    legacy,
    'wrong-secret',
    /Support \(localhost:\d+\) refused the API account: check user name and password/,
  );
  failed(
    missing,
    'secret-missing',
    /"account" is not in the environment variable SECRET_ACCOUNT nor in .*secrets\.json/,
  );
  failed(readable, 'secrets-readable', /secrets\.json can be read by others; set its mode to 600/);
  failed(malformed, 'secrets-malformed', /secrets\.json is not a JSON object/);

  const [reports, backup, command] = (await Promise.all([
    start({ account: { clientId: 'no-reports' } }),
    start({ account: { clientId: 'no-backup' } }),
    start({ account: { clientId: 'no-command' } }),
  ])) as [Ended, Ended, Ended];
  failed(reports, 'no-permission', /Support.*may not read session reports.*allow Reporting/);
  const run = failed(backup, 'snapshot-missed', /refused the backup.*permission/);
  assert.deepEqual(
    run.results?.map(({ stream, status }) => [stream, status]),
    [
      ['session-data', 'succeeded'],
      ['session-recording', 'succeeded'],
      ['backup', 'failed'],
    ],
  );
  assert.equal(command.code, 0, 'reports are enough: the time is taken from the Date header');
});

test('a folder that cannot be made', async () => {
  const ended = await start({ destination: { directory: '/proc/nothing-can-be-made-here' } });
  failed(ended, 'file-system', /Destination "Folder": .*\/proc\/nothing-can-be-made-here/);
});

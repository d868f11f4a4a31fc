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
  refused(await start({ settings: '{"sites": [' }), /^--settings .*settings-\d+\.json: not JSON/);
  const host = { host: 'https://support.example.com/login' };
  refused(await start({ site: host }), /settings-\d+\.json: sites\[0\]\.host: give the host name alone/);
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

/** One site each, all in one run: what is set otherwise, and what has to be said of it. */
const sites: Readonly<
  Record<string, { readonly set: object; readonly code: string; readonly says: RegExp }>
> = {
  nobody: {
    set: { host: 'localhost:1' },
    code: 'unreachable',
    says: /nobody \(localhost:1\) cannot be reached \(ECONNREFUSED\): check Host and the network/,
  },
  nowhere: {
    set: { host: 'no-such-host.invalid' },
    code: 'unreachable',
    says: /nowhere \(no-such-host\.invalid\) cannot be reached/,
  },
  untrusted: {
    set: { certificateAuthority: undefined },
    code: 'certificate',
    says: /certificate of untrusted \(localhost:\d+\) is not trusted.*certificate authority/,
  },
  wrong: {
    set: { account: { kind: 'oauth', clientId: 'client', secret: 'wrong' } },
    code: 'wrong-secret',
    says: /wrong \(localhost:\d+\) refused the API account: check client id and secret/,
  },
  legacy: {
    set: { account: { kind: 'legacy', username: 'user', secret: 'wrong' } },
    code: 'wrong-secret',
    says: /legacy \(localhost:\d+\) refused the API account: check user name and password/,
  },
  unset: {
    set: { account: { kind: 'oauth', clientId: 'client', secret: 'unset' } },
    code: 'secret-missing',
    says: /Site "unset": .*"unset" is not in the environment variable SECRET_UNSET nor in .*secrets\.json/,
  },
  'no-reports': {
    set: { account: { kind: 'oauth', clientId: 'no-reports', secret: 'account' } },
    code: 'no-permission',
    says: /"no-reports".*may not read session reports.*allow Reporting/,
  },
  'no-backup': {
    set: { account: { kind: 'oauth', clientId: 'no-backup', secret: 'account' } },
    code: 'snapshot-missed',
    says: /no-backup \(localhost:\d+\) refused the backup.*give the API account the permission/,
  },
};

test('each site that cannot be read says why, holds up no other, and makes the exit code 1', async () => {
  const good = { account: { kind: 'oauth', clientId: 'no-command', secret: 'account' } };
  const all: Record<string, object> = {
    ...Object.fromEntries(Object.entries(sites).map(([id, { set }]) => [id, set])),
    good,
  };
  const folder = {
    id: 'folder',
    name: 'Folder',
    plugin: 'file',
    settings: { kind: 'folder', directory: join(base, 'all') },
  };
  const impossible = { kind: 'folder', directory: '/proc/nothing-can-be-made-here' };
  const ended = await start({
    secrets: JSON.stringify({ account: SECRET, wrong: WRONG }),
    settings: JSON.stringify({
      sites: Object.entries(all).map(([id, set]) => ({
        id,
        name: id,
        host: appliance.address,
        hostName: `${id}.example.com`,
        account: { kind: 'oauth', clientId: 'client', secret: 'account' },
        certificateAuthority: appliance.caPem,
        ...set,
      })),
      destinations: [folder, { ...folder, id: 'impossible', name: 'Impossible', settings: impossible }],
      schedules: [
        {
          id: 'all',
          name: 'All',
          every: { minutes: 15 },
          transfers: [
            ...Object.keys(all).map((site) => ({
              site,
              destination: 'folder',
              dataTypes: ['session-data', 'backup'],
            })),
            { site: 'good', destination: 'impossible', dataTypes: ['session-data'] },
          ],
        },
      ],
    }),
  });
  const run = failed(ended, 'file-system', /Destination "Impossible": .*\/proc\/nothing-can-be-made-here/);
  assert.equal(run.status, 'partial');
  const of = (siteId: string) =>
    (run.results ?? []).filter((one) => one.siteId === siteId && one.destinationId === 'folder');
  for (const [id, { code, says }] of Object.entries(sites)) {
    const failures = of(id).flatMap(({ failure }) => failure ?? []);
    // Who may not make backups may read sessions, and the other way round.
    assert.equal(failures.length, id.startsWith('no-') ? 1 : 2, id);
    const told = failures.filter(({ message }) => says.test(message));
    assert.ok(
      told.some((failure) => failure.code === code),
      `${id}: ${JSON.stringify(failures)}`,
    );
    assert.match(ended.says, says);
  }
  for (const { status, counts } of of('good'))
    assert.deepEqual([status, counts.stored > 0], ['succeeded', true]);
});

test('a secrets file that others can read is not read', async () => {
  const ended = await start({ secretsMode: 0o644 });
  failed(ended, 'secrets-readable', /secrets\.json can be read by others; set its mode to 600/);
});

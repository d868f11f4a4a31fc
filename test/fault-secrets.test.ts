import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { Tokens } from './appliance/tokens.ts';
import { type Ended, startProgram } from './support/program.ts';

/** With characters that are written otherwise in forms, JSON and base64. */
const secrets = {
  'oauth-account': 'canary"1&oauth=secret/+ü',
  'legacy-account': 'canary"2&legacy=secret/+ü',
  'backup-password': 'canary"3&backup=secret/+ü',
};
const wrong = 'canary"4&wrong=secret/+ü';
const now = Math.floor(Date.now() / 1000);
const base = mkdtempSync(join(tmpdir(), 'fault-secrets-'));
const data = join(base, 'data');
const settings = join(base, 'settings.json');

const tokens: string[] = [];
const { issue } = Tokens.prototype;
let appliance: SimulatedAppliance;
before(async () => {
  Tokens.prototype.issue = function (this: Tokens, ...input: Parameters<typeof issue>) {
    const token = issue.apply(this, input);
    tokens.push(token);
    return token;
  };
  appliance = await startAppliance({
    product: 'RS',
    seed: 9,
    sessions: 12,
    from: now - 8 * 3600,
    // Over by now, all of them.
    to: now - 3 * 3600,
    events: 10,
    recordingBytes: [1000, 3000],
    backupBytes: 2000,
    oddities: 'plain',
    eventUrls: 'per-reading',
    accounts: [
      { kind: 'oauth', id: 'client', secret: secrets['oauth-account'] },
      { kind: 'legacy', id: 'user', secret: secrets['legacy-account'] },
    ],
  });
  writeFileSync(settings, JSON.stringify(settingsDocument()));
});
after(async () => {
  Tokens.prototype.issue = issue;
  await appliance.close();
  rmSync(base, { recursive: true, force: true });
});

function settingsDocument(): unknown {
  const site = { host: appliance.address, certificateAuthority: appliance.caPem };
  const sites = [
    {
      ...site,
      id: 'modern',
      name: 'Modern',
      hostName: 'modern.example.com',
      account: { kind: 'oauth', clientId: 'client', secret: 'oauth-account' },
      backupPassword: 'backup-password',
    },
    {
      ...site,
      id: 'old',
      name: 'Old',
      hostName: 'old.example.com',
      account: { kind: 'legacy', username: 'user', secret: 'legacy-account' },
    },
  ];
  return {
    sites,
    destinations: [
      {
        id: 'folder',
        name: 'Folder',
        plugin: 'file',
        settings: { kind: 'folder', directory: join(base, 'files') },
      },
      {
        id: 'database',
        name: 'Database',
        plugin: 'sql',
        settings: { kind: 'sqlite', path: join(base, 'sessions.db') },
      },
    ],
    schedules: [
      {
        id: 'all',
        name: 'All',
        every: { minutes: 15 },
        transfers: sites.flatMap(({ id }) => [
          { site: id, destination: 'folder', dataTypes: ['session-data', 'session-recording', 'backup'] },
          { site: id, destination: 'database', dataTypes: ['session-data'] },
        ]),
      },
    ],
  };
}

async function start(values: string): Promise<Ended> {
  writeFileSync(join(data, 'secrets.json'), values, { mode: 0o600 });
  const args = ['--once', '--port', '0', '--data', data, '--settings', settings];
  return startProgram(args, { LOG_LEVEL: 'debug' });
}

/** Every way in which one of these could have been written somewhere. */
function forms(): Map<string, string> {
  const found = new Map<string, string>();
  const plain = [...Object.values(secrets), wrong];
  for (const secret of plain) {
    found.set(secret, secret);
    found.set(JSON.stringify(secret).slice(1, -1), `${secret} in JSON`);
    found.set(encodeURIComponent(secret), `${secret} in a URL`);
    found.set(new URLSearchParams({ secret }).toString().slice('secret='.length), `${secret} in a form`);
    for (const user of ['client', 'user'])
      found.set(Buffer.from(`${user}:${secret}`).toString('base64'), `${secret} in an Authorization header`);
    found.set(secret.slice(0, 'canary"1&'.length), `the beginning of ${secret}`);
  }
  for (const token of tokens) found.set(token, 'a token');
  return found;
}

/** Databases are read as bytes: what was deleted or replaced counts as well. */
function holdsNothing(ended: Ended): void {
  const places = new Map<string, Buffer>([
    ['standard output', Buffer.from(ended.out)],
    ['standard error', Buffer.from(ended.says)],
  ]);
  for (const name of readdirSync(base, { recursive: true }) as string[]) {
    const path = join(base, name);
    if (statSync(path).isFile() && !path.endsWith('secrets.json')) places.set(path, readFileSync(path));
  }
  const looked = forms();
  for (const [place, bytes] of places) {
    for (const [text, what] of looked) assert.ok(!bytes.includes(text), `${place} holds ${what}`);
    // What opens a recording or a chat without a login; the XML files alone keep it, as it was sent.
    if (place.endsWith('.xml')) continue;
    assert.doesNotMatch(
      bytes.toString('latin1'),
      /%3Bh%3D[0-9a-f]{8}|;h=[0-9a-f]{40}/,
      `${place} holds a capability`,
    );
  }
  assert.ok(
    logFiles().length > 0 &&
      logFiles().every((path) => places.has(path)) &&
      places.has(join(data, 'state.db')) &&
      places.has(join(data, 'host.db')),
  );
}

const logFiles = () => readdirSync(join(data, 'logs')).map((name) => join(data, 'logs', name));

test('a run leaves no secret, token or capability anywhere but where it belongs', async () => {
  mkdirSync(data);
  // Failures are told with what was asked for.
  for (const request of ['SupportSession', 'SupportSessionRecording', 'backup'])
    appliance.faults.add({ kind: 'server-error' }, { request });
  appliance.faults.add({ kind: 'evict-token' }, { request: 'SupportSession' });
  const ended = await start(JSON.stringify(secrets));
  assert.equal(ended.code, 0, ended.says);
  assert.ok(tokens.length > 1);
  const files = readdirSync(join(base, 'files')).filter((name) => name.endsWith('.xml'));
  assert.equal(files.length, 24);
  assert.match(
    readFileSync(join(base, 'files', files[0] ?? ''), 'latin1'),
    /%3Bh%3D/,
    'there was something to keep back',
  );
  assert.match(
    logFiles()
      .map((path) => readFileSync(path, 'utf8'))
      .join(''),
    /appliance request/,
    'the log was at its wordiest',
  );
  holdsNothing(ended);
});

test('neither do wrong secrets, and secrets that cannot be read', async () => {
  const ended = await start(JSON.stringify({ ...secrets, 'oauth-account': wrong, 'legacy-account': wrong }));
  assert.equal(ended.code, 1);
  assert.match(ended.says, /Modern .*refused the API account[\s\S]*Old .*refused the API account/);
  holdsNothing(ended);
  const malformed = await start(JSON.stringify(secrets).slice(0, -1));
  assert.equal(malformed.code, 1);
  assert.match(malformed.says, /secrets\.json is not a JSON object/);
  holdsNothing(malformed);
});

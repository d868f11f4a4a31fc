import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { ask, askForToken, formType, report, takeToken } from './appliance/plain-client.ts';
import type { ApplianceOptions } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';

const from = 1_760_000_000;
const base: ApplianceOptions = { product: 'PRA', seed: 7, sessions: 20, from, to: from + 86_400 };
const window = `AccessSession&start_time=${from}&duration=0`;

test('TLS is checked against the authority, for localhost, the loopback address and the site name', async () => {
  await using appliance = await startAppliance(base);
  const health = (host: string, servername: string) => ask(appliance, '/check_health', { host, servername });
  assert.equal((await health('localhost', 'localhost')).status, 200);
  assert.equal((await health('127.0.0.1', 'access.example.com')).status, 200);
  await assert.rejects(health('127.0.0.1', 'other.example.com'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  await assert.rejects(ask({ ...appliance, caPem: await strangerPem() }, '/check_health'), {
    code: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/,
  });
  const old = await new Promise<Error>((resolve, reject) => {
    const socket = connect(
      {
        port: appliance.port,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        rejectUnauthorized: false,
      },
      () => reject(new Error('TLS 1.1 was accepted')),
    );
    socket.on('error', resolve);
  });
  assert.match(String(old), /alert|version|protocol|no protocols/i);
});

test('an appliance that is started again with its authority keeps its trust anchor', async () => {
  const first = await startAppliance(base);
  await first.close();
  await using second = await startAppliance({ ...base, authority: first.authority });
  assert.equal(second.caPem, first.caPem);
  assert.equal((await ask(second, '/check_health')).status, 200);
});

test('a token needs the right secret, POST and the form', async () => {
  await using appliance = await startAppliance(base);
  const account = appliance.accounts[0];
  assert(account);
  const good = await askForToken(appliance, account);
  assert.equal(good.status, 200);
  assert.partialDeepStrictEqual(JSON.parse(good.text), { token_type: 'Bearer', expires_in: 3600 });
  const wrong = await askForToken(appliance, { id: account.id, secret: 'wrong' });
  assert.equal(wrong.status, 401);
  assert.equal((JSON.parse(wrong.text) as { error: string }).error, 'access_denied');
  const basic = Buffer.from(`${account.id}:${account.secret}`).toString('base64');
  const headers = { Authorization: `Basic ${basic}`, 'Content-Type': 'application/json' };
  const json = await ask(appliance, '/oauth2/token', { method: 'POST', headers, body: '{"grant_type":"x"}' });
  assert.equal(json.status, 400);
  assert.equal((await ask(appliance, '/oauth2/token', { headers })).status, 405);
});

test('a token lives for an hour of the appliance’s clock', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  const status = async () => (await report(appliance, token, window)).status;
  appliance.clock.jump(3590);
  assert.equal(await status(), 200);
  appliance.clock.jump(11);
  const denied = await report(appliance, token, window);
  assert.equal(denied.status, 401);
  assert.equal((JSON.parse(denied.text) as { error: string }).error, 'access_denied');
});

test('the 31st token of an account silently ends the oldest one, and no other account’s', async () => {
  const other = { kind: 'oauth', id: 'other', secret: 'secret' } as const;
  const account = { kind: 'oauth', id: 'one', secret: 'secret' } as const;
  await using appliance = await startAppliance({ ...base, accounts: [account, other] });
  const spared = await takeToken(appliance, other);
  const tokens: string[] = [];
  for (let count = 0; count < 30; count++) tokens.push(await takeToken(appliance, account));
  const status = async (token = '') => (await report(appliance, token, window)).status;
  assert.equal(await status(tokens[0]), 200);
  tokens.push(await takeToken(appliance, account));
  assert.equal(await status(tokens[0]), 401);
  assert.equal(await status(tokens[1]), 200);
  assert.equal(await status(tokens[30]), 200);
  assert.equal(await status(spared), 200);
});

test('user name and password are for the .ns paths, and a bad login is an error document with 200', async () => {
  await using appliance = await startAppliance(base);
  const user = appliance.accounts.find(({ kind }) => kind === 'legacy');
  assert(user);
  const login = `username=${user.id}&password=${user.secret}`;
  const good = await ask(appliance, `/api/reporting.ns?generate_report=${window}&${login}`);
  assert.match(good.text, /<session_list/);
  const bad = await ask(
    appliance,
    `/api/reporting.ns?generate_report=${window}&username=${user.id}&password=x`,
  );
  assert.equal(bad.status, 200);
  assert.match(bad.text, /<error>Login failed<\/error>/);
  assert.equal((await ask(appliance, `/api/reporting?generate_report=${window}&${login}`)).status, 401);
  assert.match((await ask(appliance, `/api/command.ns?action=get_api_info&${login}`)).text, /<api_version>/);
  assert.equal(
    (await ask(appliance, `/api/backup.ns?${login}`)).headers['content-type'],
    'application/octet-stream',
  );
  assert.equal(JSON.stringify(appliance.log).includes(user.secret), false);
});

test('each permission opens its own door and a missing one looks like a missing page', async () => {
  const account = (id: string, permissions: Record<string, string>) =>
    ({ kind: 'oauth', id, secret: 's', permissions }) as const;
  const cases = [
    [account('reports', { perm_reporting: '1' }), [404, 200, 404]],
    [account('commands', { perm_command: 'read_only' }), [200, 404, 404]],
    [account('backups', { perm_backup: '1', perm_command: 'deny' }), [404, 404, 200]],
    [account('nothing', {}), [404, 404, 404]],
  ] as const;
  await using appliance = await startAppliance({ ...base, accounts: cases.map(([known]) => known) });
  for (const [known, expected] of cases) {
    const token = await takeToken(appliance, known);
    const paths = [
      '/api/command?action=get_api_info',
      `/api/reporting?generate_report=${window}`,
      '/api/backup',
    ];
    const seen = await Promise.all(paths.map(async (path) => ask(appliance, path, { token })));
    assert.deepEqual(
      seen.map(({ status }) => status),
      expected,
      known.id,
    );
    for (const { status, text } of seen) if (status === 404) assert.match(text, /Document Not Found/);
  }
});

test('get_api_info tells version, clock and the permissions of the account', async () => {
  const account = {
    kind: 'oauth',
    id: 'a',
    secret: 's',
    permissions: { perm_command: 'read_only' },
  } as const;
  await using appliance = await startAppliance({ ...base, accounts: [account], apiVersion: '1.16.0' });
  appliance.clock.set(1_700_000_000);
  const token = await takeToken(appliance);
  const info = await ask(appliance, '/api/command?action=get_api_info', { token });
  assert.match(info.text, /<api_version>1\.16\.0<\/api_version>/);
  assert.match(info.text, /<timestamp>170000000[0-2]<\/timestamp>/);
  assert.match(info.text, /<permission name="perm_command">read_only<\/permission>/);
  assert.match(info.text, /<permission name="perm_reporting">0<\/permission>/);
  assert.match(info.text, /namespaces\/API\/command"/);
  const health = await ask(appliance, '/api/command?action=check_health', { token });
  assert.match(health.text, /<appliance id="[0-9a-f-]{36}">access\.example\.com<\/appliance>/);
  const unknown = await ask(appliance, '/api/command?action=no_such_action', { token });
  assert.equal(unknown.status, 200);
  assert.match(unknown.text, /<error /);
});

test('parameters come by query or form, and multipart is refused', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.set(from + 86_400);
  const body = `generate_report=${window}`;
  const form = await ask(appliance, '/api/reporting', { token, method: 'POST', headers: formType, body });
  assert.match(form.text, /<session lsid=/);
  const query = await ask(appliance, `/api/reporting?${body}`, { token, method: 'POST' });
  assert.match(query.text, /<session lsid=/);
  const parts = await ask(appliance, '/api/reporting', {
    token,
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    body: '--x\r\nContent-Disposition: form-data; name="generate_report"\r\n\r\nAccessSession\r\n--x--\r\n',
  });
  assert.equal(parts.status, 415);
  assert.equal((await ask(appliance, '/api/reporting', { token, method: 'DELETE' })).status, 405);
  assert.equal((await ask(appliance, '/api/nothing', { token })).status, 404);
});

test('Date and every reply follow the appliance’s clock, and each reply closes its connection', async () => {
  await using appliance = await startAppliance(base);
  appliance.clock.set(1_600_000_000);
  const { headers } = await ask(appliance, '/check_health');
  assert.equal(Math.floor(Date.parse(headers.date ?? '') / 1000 / 10), 160_000_000);
  assert.equal(headers.connection, 'close');
  assert.match(String(headers['x-ratelimit-limit']), /^\d+$/);
  assert.match(String(headers['x-ratelimit-remaining']), /^\d+$/);
  appliance.clock.rate(1000);
  const before = appliance.clock.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(appliance.clock.now() - before >= 45, 'a thousand times real time');
  appliance.clock.rate(0);
  appliance.clock.set(5000);
  appliance.clock.jump(-1000);
  assert.equal(appliance.clock.now(), 4000);
});

test('the schema is served and options that make no sense are refused in one line', async () => {
  await using appliance = await startAppliance(base);
  assert.match((await ask(appliance, '/api/reporting.xsd')).text, /<xs:element name="session_list">/);
  await assert.rejects(startAppliance({ ...base, to: from }), /^RangeError: to: give a whole number/);
  await assert.rejects(
    startAppliance({ ...base, recordingBytes: [10, 5] }),
    /^RangeError: recordingBytes, largest/,
  );
});

async function strangerPem(): Promise<string> {
  const stranger = await startAppliance(base);
  await stranger.close();
  return stranger.caPem;
}

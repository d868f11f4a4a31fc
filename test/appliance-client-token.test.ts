import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appliance, connect, FROM, failsWith, readings, TO } from './appliance-client-support.ts';
import { tlsServer } from './tls-server-support.ts';

const DAY = { by: 'end_time', from: FROM, to: TO } as const;
const tokens = (site: { log: readonly { request: string }[] }) =>
  site.log.filter(({ request }) => request === 'token').length;

test('one token serves many calls at once, and other clients of the account in this process', async (t) => {
  const site = await appliance(t);
  const [one, other] = [connect(site), connect(site)];
  await Promise.all([one.info(), one.info(), other.info(), readings(one, DAY), readings(other, DAY)]);
  assert.equal(tokens(site), 1);
});

test('far more than thirty calls and clients never use up the tokens of the account', async (t) => {
  const site = await appliance(t, { sessions: 3 });
  await Promise.all(
    Array.from({ length: 60 }, () =>
      connect(site, { site: { product: 'RS' } })
        .sessionReport(DAY)
        .then((report) => report && readings(connect(site), DAY)),
    ),
  );
  assert.equal(tokens(site), 1);
});

test('a token that died is replaced once, for all calls together', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  await client.info();
  site.faults.add({ kind: 'evict-token' }, { request: 'SupportSession' });
  assert.ok((await readings(client, DAY))?.length);
  assert.equal(tokens(site), 2);
  site.faults.add({ kind: 'evict-token' }, { request: 'SupportSession' });
  await Promise.all(Array.from({ length: 8 }, () => readings(client, DAY)));
  assert.equal(tokens(site), 3);
});

test('a call refused twice is not tried for ever', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  await client.info();
  site.faults.add({ kind: 'unauthorized' }, { request: 'backup', times: 100 });
  await failsWith(client.backup(), 'terminal', 'no-permission', /new token/);
  assert.equal(site.log.filter(({ request }) => request === 'backup').length, 2);
});

test('a wrong secret is said so at once, with the site and without the secret', async (t) => {
  const site = await appliance(t);
  const secret = 'not-the-secret-at-all';
  const failure = await failsWith(connect(site, { secret }).info(), 'terminal', 'wrong-secret', /site Main/);
  assert.ok(!failure.message.includes(secret));
  assert.equal(tokens(site), 1);
});

test('a wrong secret is found out although a token of the account is at hand', async (t) => {
  const site = await appliance(t);
  await connect(site).info();
  await failsWith(connect(site, { secret: 'wrong' }).info(), 'terminal', 'wrong-secret');
});

test('a secret that was changed is picked up when the old token dies', async (t) => {
  const account = { kind: 'oauth', id: 'id', secret: 'ünïcode:secret' } as const;
  const site = await appliance(t, { accounts: [account] });
  let secret = 'old';
  const client = connect(site, {
    site: { auth: { kind: 'oauth', clientId: 'id' } },
    secret: async () => secret,
  });
  await failsWith(client.info(), 'terminal', 'wrong-secret');
  secret = account.secret;
  assert.equal((await client.info()).product, 'RS');
  const old = connect(site, { site: { auth: { kind: 'oauth', clientId: 'id' } }, secret: 'old' });
  await failsWith(old.info(), 'terminal', 'wrong-secret');
});

test('the scheme may be lower case, and the lifetime is the reply’s', async (t) => {
  let issued = 0;
  const used: (string | undefined)[] = [];
  const server = await tlsServer(t, (request, response) => {
    if (request.url === '/oauth2/token') {
      issued++;
      assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
      response.end(
        JSON.stringify({
          access_token: `t${issued}`,
          token_type: 'bearer',
          expires_in: issued === 1 ? 0.2 : 1799,
        }),
      );
      return;
    }
    used.push(request.headers.authorization);
    response.end(
      '<get_api_info><api_version>1.16.0</api_version><timestamp>1760000400</timestamp><permissions><perm_backup>1</perm_backup><perm_command>full access</perm_command><perm_reporting>1</perm_reporting></permissions></get_api_info>',
    );
  });
  const client = connect(server);
  const info = await client.info();
  assert.deepEqual(
    [info.product, info.now, info.apiVersion, info.permissions?.perm_command],
    ['PRA', 1760000400, '1.16.0', 'full access'],
  );
  await new Promise((resolve) => setTimeout(resolve, 150));
  await client.info();
  await client.info();
  assert.equal(issued, 2);
  assert.deepEqual([...new Set(used)], ['Bearer t1', 'Bearer t2']);
});

test('a refusal as JSON with status 200 renews the token once', async (t) => {
  let issued = 0;
  const server = await tlsServer(t, (request, response) => {
    if (request.url === '/oauth2/token') {
      response.end(JSON.stringify({ access_token: `t${++issued}`, token_type: 'Bearer', expires_in: 3600 }));
    } else if (request.headers.authorization === 'Bearer t1') {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        ' {"error":"access_denied","message":"The resource owner or authorization server denied the request."}',
      );
    } else response.end('FLV…');
  });
  const client = connect(server, { site: { product: 'RS' } });
  const file = await client.sessionRecording('a1');
  assert.equal(file.evidence.kind, 'length');
  assert.equal(issued, 2);
});

test('token replies that make no sense are failures', async (t) => {
  const replies: [number, string, string, string][] = [
    [200, 'not json', 'transient', 'bad-token-reply'],
    [200, '{"token_type":"Bearer"}', 'transient', 'bad-token-reply'],
    [200, '{"access_token":"a\\nb","token_type":"Bearer"}', 'transient', 'bad-token-reply'],
    [200, '{"access_token":"a","token_type":"mac"}', 'transient', 'bad-token-reply'],
    [200, '{"error":"access_denied","message":"no"}', 'terminal', 'wrong-secret'],
    [400, '{"error":"invalid_client"}', 'terminal', 'wrong-secret'],
    [404, '<html><h1>Document Not Found</h1></html>', 'terminal', 'no-permission'],
    [503, 'down', 'transient', 'appliance-unavailable'],
  ];
  for (const [status, text, kind, code] of replies) {
    const server = await tlsServer(t, (_request, response) => {
      response.statusCode = status;
      response.end(text);
    });
    await failsWith(connect(server).backup(), kind, code);
  }
});

test('a caller that gives up does not take the token from the others', async (t) => {
  const site = await appliance(t);
  site.faults.add({ kind: 'slow-drip', bytesPerSecond: 400 }, { request: 'token' });
  const client = connect(site);
  const giveUp = new AbortController();
  const [first, second] = [client.info({ signal: giveUp.signal }), client.info()];
  setTimeout(() => giveUp.abort(), 30);
  await failsWith(first, 'transient', 'cancelled');
  assert.equal((await second).product, 'RS');
  assert.equal(tokens(site), 1);
});

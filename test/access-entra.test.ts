import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { entraAddresses } from '../shared/access/entra-access.ts';
import type { Principal } from '../shared/access/roles.ts';
import { Failure } from '../shared/errors.ts';
import {
  applicationId,
  claimsAt,
  signed,
  signingKey,
  startKeyServer,
  startTenant,
  tenantId,
} from './support/entra.ts';

const now = Date.UTC(2026, 10, 1);
const other = '44444444-4444-4444-8444-444444444444';
const { key, server, access: accessOf } = await startTenant();

const access = (more: object = {}) => accessOf({ now: () => now, ...more });

function ask(token: string | undefined, guard = access()): Promise<Principal> {
  return guard.authenticate(new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` }));
}

/** Refused with one line that holds nothing of the token. */
async function isRefused(token: string | undefined, says: RegExp, guard = access()): Promise<void> {
  await assert.rejects(ask(token, guard), (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], ['terminal', 'unauthenticated'], error.message);
    assert.match(error.message, says);
    assert.ok(!error.message.includes('\n'));
    for (const part of token?.split('.') ?? [])
      assert.ok(part.length < 6 || !error.message.includes(part), error.message);
    return true;
  });
}

test('a token of the tenant for the application says who asks, v2.0 and v1.0, audience as id and as address', async () => {
  const v1 = `https://sts.windows.net/${tenantId}/`;
  for (const more of [
    {},
    { aud: `api://${applicationId}` },
    { iss: v1 },
    { iss: v1, azp: undefined, appid: other },
  ])
    assert.deepEqual(await ask(await signed(key, claimsAt(now, more))), {
      id: '33333333-3333-4333-8333-333333333333',
      name: 'ada@example.com',
      roles: ['Reader'],
    });
});

test('an application is known by its object id and its client id', async () => {
  const claims = claimsAt(now, {
    preferred_username: undefined,
    name: undefined,
    scp: undefined,
    azp: other,
  });
  const { id, name } = await ask(await signed(key, claims));
  assert.deepEqual([id, name], ['33333333-3333-4333-8333-333333333333', other]);
});

test('roles are taken by name; unknown ones and what is no list bring nothing', async () => {
  const rolesOf = async (roles: unknown) => (await ask(await signed(key, claimsAt(now, { roles })))).roles;
  assert.deepEqual(await rolesOf(['Administrator', 'EvidenceViewer', 'Auditor', 7, 'reader']), [
    'EvidenceViewer',
    'Administrator',
  ]);
  for (const none of [undefined, [], 'Administrator', { 0: 'Administrator' }, ['Auditor']])
    assert.deepEqual(await rolesOf(none), []);
});

test('a name that would break a log line is made one line', async () => {
  const { name } = await ask(
    await signed(key, claimsAt(now, { preferred_username: `a\nb\u202e${'c'.repeat(999)}` })),
  );
  assert.match(name, /^a b c+$/);
  assert.equal(name.length, 200);
});

const wrong: readonly (readonly [what: string, claims: Record<string, unknown>, says: RegExp])[] = [
  ['another issuer', { iss: `https://login.microsoftonline.com/${other}/v2.0` }, /another issuer/],
  ['no issuer', { iss: undefined }, /another issuer|lacks a claim/],
  ['an issuer that only begins like it', { iss: `https://sts.windows.net/${tenantId}` }, /another issuer/],
  ['another audience', { aud: '00000003-0000-0000-c000-000000000000' }, /another application/],
  ['no audience', { aud: undefined }, /another application|lacks a claim/],
  ['an expired time', { exp: now / 1000 - 61 }, /expired/],
  ['no expiry', { exp: undefined }, /lacks a claim/],
  ['a time that has not come', { nbf: now / 1000 + 61 }, /not valid yet/],
  ['another tenant', { tid: other }, /another tenant/],
  ['no tenant', { tid: undefined }, /lacks a claim/],
  ['no client: it shows who is signed in', { azp: undefined, nonce: 'n' }, /not an access token/],
];
for (const [what, claims, says] of wrong)
  test(`a token with ${what} is refused`, async () =>
    isRefused(await signed(key, claimsAt(now, claims)), says));

test('clocks may differ by a minute', async () => {
  await ask(await signed(key, claimsAt(now, { exp: now / 1000 - 59 })));
  await ask(await signed(key, claimsAt(now, { nbf: now / 1000 + 59 })));
});

test('a token signed by another key is refused, whether it names ours or its own', async () => {
  const stranger = await signingKey('one');
  await isRefused(await signed(stranger, claimsAt(now)), /not valid/);
  await isRefused(await signed({ ...stranger, kid: 'two' }, claimsAt(now)), /not valid/);
  // Keys that the token brings or names itself are not looked at.
  await isRefused(await signed(stranger, claimsAt(now), { kid: 'x', jku: server.url.href }), /not valid/);
});

test('a token that was changed after it was signed is refused', async () => {
  const [head, , mark] = (await signed(key, claimsAt(now))).split('.');
  const claims = Buffer.from(JSON.stringify(claimsAt(now, { roles: ['Administrator'] }))).toString(
    'base64url',
  );
  await isRefused(`${head}.${claims}.${mark}`, /not valid/);
});

test('no algorithm but RS256: none, HS256 with the public key as its secret, and others of RSA', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = part(claimsAt(now));
  for (const alg of ['none', 'None', 'NONE', '']) {
    await isRefused(`${part({ alg, typ: 'JWT' })}.${claims}.`, /RS256|not valid/);
    await isRefused(`${part({ alg, kid: 'one' })}.${claims}.AAAA`, /RS256|not valid/);
  }
  const head = part({ alg: 'HS256', typ: 'JWT', kid: 'one' });
  const pem = await exportSPKI(key.publicKey);
  for (const secret of [pem, pem.trim(), JSON.stringify(pem)]) {
    const mark = createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url');
    await isRefused(`${head}.${claims}.${mark}`, /RS256/);
  }
  const { privateKey } = await generateKeyPair('PS256');
  const pss = await new SignJWT(claimsAt(now))
    .setProtectedHeader({ alg: 'PS256', kid: 'one' })
    .sign(privateKey);
  await isRefused(pss, /RS256/);
});

test('what is no token at all is refused', async () => {
  await isRefused(undefined, /Send a token/);
  for (const token of [
    'x',
    'a.b',
    'a.b.c',
    '....',
    'a.b.c.d.e',
    '{}',
    'é'.repeat(3).normalize('NFD').replace(/[^e]/g, ''),
  ])
    await isRefused(token, /not valid/);
  for (const header of [
    '',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Bearer a b',
    'Bearer a.b.c, Bearer a.b.c',
    'x.y.z',
  ])
    await assert.rejects(access().authenticate(new Headers({ authorization: header })), {
      code: 'unauthenticated',
    });
});

test('headers of a proxy are no proof of anybody', async () => {
  const headers = new Headers({
    'x-ms-client-principal-name': 'ada@example.com',
    'x-ms-client-principal-id': other,
    'x-ms-client-principal': Buffer.from('{"roles":["Administrator"]}').toString('base64'),
    'x-ms-token-aad-id-token': await signed(key, claimsAt(now)),
    'x-ms-token-aad-access-token': await signed(key, claimsAt(now)),
  });
  await assert.rejects(access().authenticate(headers), { code: 'unauthenticated' });
});

test('a new key is fetched when a token names it, an old one is refused when it is gone, and strangers cause no flood', async (t) => {
  const [old, next] = [await signingKey('old'), await signingKey('next')];
  const keys = await startKeyServer(old);
  t.after(() => keys.close());
  const guard = access({ keysAt: keys.url, cooldownMs: 0 });
  await ask(await signed(old, claimsAt(now)), guard);
  await ask(await signed(old, claimsAt(now)), guard);
  assert.equal(keys.asked, 1, 'keys are kept');
  keys.keys = [next];
  await ask(await signed(next, claimsAt(now)), guard);
  assert.equal(keys.asked, 2);
  await isRefused(await signed(old, claimsAt(now)), /not valid/, guard);

  const calm = access({ keysAt: keys.url });
  await ask(await signed(next, claimsAt(now)), calm);
  const before = keys.asked;
  for (const kid of ['a', 'b', 'c'])
    await isRefused(await signed({ ...old, kid }, claimsAt(now)), /not valid/, calm);
  assert.equal(keys.asked, before, 'not again within the time of rest');
});

test('keys that cannot be had are no fault of the token: 503, and the next one is let in', async (t) => {
  const keys = await startKeyServer(key);
  t.after(() => keys.close());
  const token = await signed(key, claimsAt(now));
  const guard = access({ keysAt: keys.url });
  const unavailable = { kind: 'transient', code: 'entra-keys-unavailable' };
  for (const [status, body] of [
    [500, 'no'],
    [404, '{}'],
    [200, '<html>'],
    [200, '{"keys":7}'],
    [302, ''],
  ] as const) {
    keys.answer = { status, body };
    await assert.rejects(ask(token, guard), unavailable, body);
  }
  keys.answer = undefined;
  await ask(token, guard);

  const gone = await startKeyServer(key);
  await gone.close();
  const deaf = access({ keysAt: gone.url });
  await assert.rejects(ask(token, deaf), unavailable);
  // Without a token there is nothing to look up.
  await isRefused(undefined, /Send a token/, deaf);
});

test('issuers and keys are those of the tenant, in national clouds too', () => {
  assert.deepEqual(entraAddresses(tenantId.toUpperCase()), {
    issuers: [`https://login.microsoftonline.com/${tenantId}/v2.0`, `https://sts.windows.net/${tenantId}/`],
    keys: new URL(`https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`),
  });
  const { issuers, keys } = entraAddresses(tenantId, 'https://login.microsoftonline.us/');
  assert.equal(issuers[0], `https://login.microsoftonline.us/${tenantId}/v2.0`);
  assert.equal(keys.host, 'login.microsoftonline.us');
  for (const authority of ['https://login.chinacloudapi.cn/', 'https://login.partner.microsoftonline.cn'])
    assert.deepEqual(entraAddresses(tenantId, authority).issuers, [
      `https://login.partner.microsoftonline.cn/${tenantId}/v2.0`,
      `https://sts.chinacloudapi.cn/${tenantId}/`,
    ]);
});

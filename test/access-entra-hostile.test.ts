import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK } from 'jose';
import { Failure } from '../shared/errors.ts';
import { claimsAt, signed, signingKey, startTenant, tenantId } from './support/entra.ts';

const now = Date.UTC(2026, 10, 1);
const { key, server, access: accessOf } = await startTenant();

function ask(authorization: string) {
  return accessOf({ now: () => now }).authenticate({
    get: (name) => (name === 'authorization' ? authorization : null),
  });
}

async function isRefused(authorization: string): Promise<void> {
  await assert.rejects(ask(authorization), (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, 'unauthenticated');
    assert.ok(error.message.length < 300 && !error.message.includes('\n'), error.message);
    return true;
  });
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a token that says it must be understood in a way that is not known is refused', async () => {
  // Signed rightly each time: it is the header that is not taken.
  for (const header of [
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { crit: 'x' },
  ]) {
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })}.${part(claimsAt(now))}`;
    const mark = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(text));
    await isRefused(`Bearer ${text}.${Buffer.from(mark).toString('base64url')}`);
  }
});

test('a key, or the address of one, in the token itself is not looked at', async () => {
  const stranger = await signingKey('one');
  const jwk = await exportJWK(stranger.publicKey);
  const asked = server.asked;
  const headers: Parameters<typeof signed>[2][] = [
    { jwk },
    { x5c: ['AAAA'] },
    { x5u: server.url.href },
    { jku: 'http://127.0.0.1:1/' },
    { kid: '../../one' },
    { kid: '' },
  ];
  for (const header of headers) await isRefused(`Bearer ${await signed(stranger, claimsAt(now), header)}`);
  assert.ok(server.asked - asked <= 14, 'keys were asked for over and over');
});

test('a token inside a token, and claims that are no object, are refused', async () => {
  const token = await signed(key, claimsAt(now));
  const [head, , mark] = token.split('.');
  await isRefused(`Bearer ${head}.${Buffer.from(token).toString('base64url')}.${mark}`);
  for (const claims of ['text', 7, null, [], [claimsAt(now)]])
    await isRefused(`Bearer ${head}.${part(claims)}.${mark}`);
  await isRefused(`Bearer ${part({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.AAAA.AAAA.AAAA.AAAA`);
});

test('what is nearly a header with one token is refused, however long', async () => {
  const token = await signed(key, claimsAt(now));
  for (const header of [
    `Bearer ${token}.`,
    `Bearer ${token}.AAAA`,
    `Bearer .${token}`,
    `Bearer ${token.slice(0, -3)}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${token} ${token}`,
    `Bearer\u00a0${token}`,
    `Bearer\t${token}`,
    `Bearer "${token}"`,
    `Bearer ${token}%20`,
    'Bearer ',
    'Bearer ..',
    `Bearer ${'a'.repeat(1_000_000)}`,
    `Bearer ${'.'.repeat(1_000_000)}`,
    `Bearer${' '.repeat(100_000)}`,
    `Bearer ${part({ alg: 'RS256', kid: 'one', typ: 'JWT', long: 'x'.repeat(200_000) })}.${part({})}.AAAA`,
  ])
    await isRefused(header);
});

test('times that are no numbers, and those of another unit, bring nobody in', async () => {
  for (const more of [
    { exp: '9999999999' },
    { exp: Number.MAX_SAFE_INTEGER, nbf: now },
    { nbf: 'x' },
    { exp: null },
  ])
    await isRefused(`Bearer ${await signed(key, claimsAt(now, more as Record<string, unknown>))}`);
});

test('tenant, client and audience of another kind than text bring nobody in', async () => {
  for (const more of [
    { tid: [] },
    { tid: {} },
    { azp: { toString: 'x' } },
    { aud: {} },
    { aud: [] },
    { aud: [['x']] },
    { iss: [`https://login.microsoftonline.com/${tenantId}/v2.0`] },
  ])
    await isRefused(`Bearer ${await signed(key, claimsAt(now, more))}`);
});

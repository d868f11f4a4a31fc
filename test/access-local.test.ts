import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureApiToken } from '../infra/local/api-token.ts';
import { openDataFolder } from '../infra/local/data-folder.ts';
import { localLog, localPorts, localServices } from '../infra/local/local-services.ts';
import { startStack } from '../infra/local/stack.ts';
import { accessOf } from '../shared/access/access.ts';
import { localAccess, localPrincipal } from '../shared/access/local.ts';

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'token-'));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('the token of a folder is made once, is long, and is for its owner alone; a reset makes another', async (t) => {
  const place = folder(t);
  const { apiToken } = await openDataFolder(place, false);
  const token = ensureApiToken(apiToken);
  assert.match(token, /^[\w-]{43}$/);
  assert.equal(apiToken, join(place, 'api-token'));
  assert.equal(readFileSync(apiToken, 'utf8').trim(), token);
  if (process.platform !== 'win32') assert.equal(statSync(apiToken).mode & 0o777, 0o600);
  await openDataFolder(place, false);
  assert.equal(ensureApiToken(apiToken), token);
  await openDataFolder(place, true);
  assert.notEqual(ensureApiToken(apiToken), token);
});

test('a token that others can read, or that is none, is not used', async (t) => {
  const path = join(folder(t), 'api-token');
  ensureApiToken(path);
  if (process.platform !== 'win32') {
    chmodSync(path, 0o640);
    assert.throws(() => ensureApiToken(path), /can be read by others/);
    chmodSync(path, 0o600);
  }
  for (const text of ['', 'short\n', `${'x'.repeat(43)}\nmore`]) {
    writeFileSync(path, text);
    assert.throws(() => ensureApiToken(path), /does not hold a token/);
  }
});

test('the token lets in, and nothing like it does', async () => {
  const token = 'a'.repeat(43);
  const access = localAccess(token);
  const ask = (authorization?: string) =>
    access.authenticate(new Headers(authorization === undefined ? {} : { authorization }));
  assert.equal(await ask(`Bearer ${token}`), localPrincipal);
  assert.equal(await ask(`bearer ${token}`), localPrincipal);
  for (const wrong of [
    undefined,
    token,
    'Bearer',
    `Basic ${token}`,
    `Bearer ${token.slice(1)}`,
    `Bearer ${token}a`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token}, Bearer ${token}`,
  ])
    await assert.rejects(ask(wrong), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'unauthenticated');
      assert.ok(!error.message.includes('aaaa') && !error.message.includes('AAAA'), error.message);
      return true;
    });
});

test('services that say nothing of who may let nobody in', async () => {
  for (const headers of [new Headers(), new Headers({ authorization: 'Bearer x' })])
    await assert.rejects(accessOf({}).authenticate(headers), {
      code: 'setting-missing',
      message: /nobody may/,
    });
});

test('on one machine: health for all, the API for who has the token, pages of other sites never, and no token in the log', async (t) => {
  const place = folder(t);
  const data = await openDataFolder(place, false);
  const token = ensureApiToken(data.apiToken);
  const log = localLog(data.log, 'debug');
  const services = localServices(localPorts(data), log, { apiToken: token });
  const stack = await startStack({ services, log, database: data.host, port: 0, timers: 'off' });
  const wrong = 'wrong-token-canary-0123456789';
  try {
    const { port } = new URL(stack.host.url);
    /** Plain HTTP, so that Host can be anything. */
    const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      new Promise<{ status: number; challenge: string | undefined; text: string }>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          reply.on('end', () => {
            resolve({ status: reply.statusCode ?? 0, challenge: reply.headers['www-authenticate'], text });
          });
        });
        sent.on('error', reject);
        sent.end();
      });
    const authorization = `Bearer ${token}`;
    assert.equal((await ask('/api/health')).status, 200);
    const refused = await ask('/api/runs');
    assert.deepEqual([refused.status, refused.challenge], [401, 'Bearer']);
    for (const headers of [
      { authorization: `Bearer ${wrong}` },
      { 'x-functions-key': token },
      { cookie: `token=${token}` },
    ])
      assert.equal((await ask('/api/runs', headers as Record<string, string>)).status, 401);
    assert.equal((await ask(`/api/runs?code=${token}&access_token=${token}`)).status, 401);
    assert.equal(
      (await ask('/api/scheduler/stop', { authorization: `Bearer ${wrong}` }, 'POST')).status,
      401,
    );
    assert.equal((await ask('/api/runs', { authorization })).status, 200);
    assert.equal((await ask('/api/scheduler/stop', { authorization }, 'POST')).status, 200);
    const hook = 'secret-of-an-address-0123';
    for (const path of [`/api/events/${hook}`, `/api/EVENTS/${hook}/x`, `/api/Ticket-Requests/${hook}`])
      assert.equal((await ask(path, {}, 'PUT')).status, 404, path);
    // A name of another site that points here, and a page of another site.
    for (const headers of [
      { host: `attacker.example.com:${port}` },
      { host: '169.254.169.254' },
      { origin: 'https://attacker.example.com' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const { status, text } = await ask('/api/runs', { authorization, ...headers } as Record<
        string,
        string
      >);
      assert.equal(status, 403, JSON.stringify(headers));
      assert.ok(!text.includes(token));
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      assert.equal((await ask('/api/runs', { authorization, host })).status, 200, host);
    await log.flush();
    const { lines } = await log.read({ limit: 1000 });
    const asked = lines.filter(({ message }) => message === 'API asked');
    assert.ok(asked.length >= 7);
    for (const part of [token, token.slice(0, 12), token.slice(-12), wrong, wrong.slice(0, 12), hook])
      assert.ok(!JSON.stringify(lines).includes(part));
  } finally {
    await stack.close();
  }
});

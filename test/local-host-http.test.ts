import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { withHost } from './local-host/harness.ts';

/** A request whose headers are sent as given, which fetch does not allow. */
function raw(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('a request reaches its function with route, query, headers and bytes, and the answer comes back whole', () =>
  withHost(async ({ host }) => {
    const body = Buffer.from([0, 1, 2, 255]);
    const response = await fetch(`${host.url}/api/ECHO/a%2Fb/t?q=1&q=2&e=`, {
      method: 'POST',
      headers: { 'x-in': 'in' },
      body,
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-custom'), 'yes');
    assert.equal(response.headers.get('set-cookie'), 'c=1; httponly');
    assert.deepEqual(await response.json(), {
      params: { id: 'a/b', tail: 't' },
      query: { q: '1,2', e: '' },
      header: 'in',
      url: `${host.url}/api/ECHO/a%2Fb/t?q=1&q=2&e=`,
      sha: '000102ff',
      length: 4,
    });
    const optional = (await (await fetch(`${host.url}/api/echo/x`)).json()) as { params: unknown };
    assert.deepEqual(optional.params, { id: 'x' });
    const head = await fetch(`${host.url}/api/echo/x`, { method: 'HEAD' });
    assert.equal(head.status, 201);
    assert.equal(await head.text(), '');
  }));

test('routes: catch-all, unknown path, wrong method, prefix', () =>
  withHost(async ({ host }) => {
    const text = async (path: string) => (await fetch(`${host.url}${path}`)).text();
    assert.equal(await text('/api/files/a/b%20c.txt'), 'rest=a/b c.txt');
    assert.equal(await text('/api/files'), 'rest=');
    assert.equal((await fetch(`${host.url}/api/files/a`, { method: 'DELETE' })).status, 404);
    assert.equal((await fetch(`${host.url}/files/a`)).status, 404);
    assert.equal((await fetch(`${host.url}/api/echo`)).status, 404);
    assert.equal((await fetch(`${host.url}/api/echo/%ff`)).status, 404);
  }));

test('bodies of bytes, of streams and of nothing', () =>
  withHost(async ({ host }) => {
    const bytes = await (await fetch(`${host.url}/api/bytes`)).arrayBuffer();
    assert.deepEqual([...new Uint8Array(bytes)], [0, 255, 1, 254]);
    assert.equal(await (await fetch(`${host.url}/api/stream`)).text(), 'abc');
    const silent = await fetch(`${host.url}/api/silent`);
    assert.equal(silent.status, 200);
    assert.equal(await silent.text(), '');
  }));

test('a handler that throws answers 500 without a word of the error, which is in the log', () =>
  withHost(async ({ host, log }) => {
    const response = await fetch(`${host.url}/api/throws`);
    assert.equal(response.status, 500);
    assert.equal(await response.text(), '');
    assert.ok(
      log.lines.some(({ level, fields }) => level === 'error' && /secret text/.test(String(fields.error))),
    );
  }));

test('only requests that name this machine are answered', () =>
  withHost(async ({ host: { port } }) => {
    for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) {
      assert.equal((await raw(port, '/api/silent', { host: name })).status, 200, name);
    }
    for (const name of [
      `evil.example:${port}`,
      'localhost',
      `localhost:${port + 1}`,
      `localhost.evil.example:${port}`,
    ]) {
      const { status, text } = await raw(port, '/api/silent', { host: name });
      assert.equal(status, 403, name);
      assert.equal(text, 'This host answers to localhost only.\n');
      assert.equal(
        (await raw(port, '/runtime/webhooks/durabletask/instances', { host: name })).status,
        403,
        name,
      );
    }
  }));

test('a body of more than 100 MB is refused', () =>
  withHost(async ({ host: { port } }) => {
    const { status } = await raw(port, '/api/silent', {
      host: `localhost:${port}`,
      'content-length': '104857601',
    });
    assert.equal(status, 413);
  }));

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import type { Log } from '../shared/log.ts';
import { makeAuthority, makeServerCertificate } from './appliance/certificate.ts';
import { appliance, bytesOf, connect, FROM, failsWith, readings, TO } from './appliance-client-support.ts';
import { tlsServer } from './tls-server-support.ts';

const DAY = { by: 'end_time', from: FROM, to: TO } as const;
const RS = { site: { product: 'RS' } } as const;

test('a cut body is never whole: by length, by chunks, at any place', async (t) => {
  const site = await appliance(t);
  const client = connect(site, RS);
  for (const framing of ['length', 'chunked', 'none'] as const) {
    // All but the last byte, a line feed, is whole where nothing says how long the body is.
    for (const afterBytes of framing === 'none' ? [400, 20_000] : [400, 20_000, 10_000_000]) {
      site.faults.add({ kind: 'cut', afterBytes, framing }, { request: 'SupportSession', times: 1 });
      await failsWith(readings(client, DAY), 'transient', 'truncated');
    }
  }
});

test('a cut backup is found out by length and by chunks; without both it only looks whole, and says so', async (t) => {
  const site = await appliance(t);
  const client = connect(site, RS);
  for (const framing of ['length', 'chunked'] as const) {
    site.faults.add({ kind: 'cut', afterBytes: 5000, framing }, { request: 'backup' });
    await failsWith(
      client.backup().then(({ chunks }) => bytesOf(chunks)),
      'transient',
      'truncated',
    );
  }
  site.faults.add({ kind: 'cut', afterBytes: 5000, framing: 'none' }, { request: 'backup' });
  const { chunks, evidence } = await client.backup();
  assert.deepEqual(evidence, { kind: 'none' });
  assert.equal((await bytesOf(chunks)).size, 5000);
});

test('a reset, a stall before and within the reply, and a slow reply', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { ...RS, limits: { idleMs: 500 }, retry: { attempts: 1 } });
  await client.info();
  site.faults.add({ kind: 'reset', afterBytes: 5000 }, { request: 'backup' });
  await failsWith(
    client.backup().then(({ chunks }) => bytesOf(chunks)),
    'transient',
    'truncated',
  );
  site.faults.add({ kind: 'stall' }, { request: 'backup' });
  await failsWith(client.backup(), 'transient', 'stalled', /no answer within 0\.5 s/);
  site.faults.add({ kind: 'stall', afterBytes: 5000 }, { request: 'backup' });
  await failsWith(
    client.backup().then(({ chunks }) => bytesOf(chunks)),
    'transient',
    'stalled',
    /no byte for 0\.5 s/,
  );
  site.faults.add({ kind: 'slow-drip', bytesPerSecond: 500_000 }, { request: 'backup' });
  assert.equal((await bytesOf((await client.backup()).chunks)).size, 300_000);
});

test('a reader that takes its time is not a stall', async (t) => {
  const site = await appliance(t);
  const { chunks } = await connect(site, { ...RS, limits: { idleMs: 100 } }).backup();
  let size = 0;
  let first = true;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (first) await new Promise((resolve) => setTimeout(resolve, 300));
    first = false;
  }
  assert.equal(size, 300_000);
});

test('a body that nobody reads is let go', async (t) => {
  const site = await appliance(t, { backupBytes: 50_000_000 });
  const { chunks } = await connect(site, { ...RS, limits: { idleMs: 80 } }).backup();
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What was looked at is still there; the rest is not.
  await failsWith(bytesOf(chunks), 'transient', 'stalled');
});

test('abandoning a body ends its connection', async (t) => {
  const site = await appliance(t, { backupBytes: 50_000_000 });
  const { chunks } = await connect(site, RS).backup();
  for await (const _ of chunks) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok((site.log.at(-1)?.bytes ?? 0) < 50_000_000);
});

test('a signal ends a call, its retries and a body; closing the client ends all', async (t) => {
  const site = await appliance(t, { backupBytes: 5_000_000 });
  const client = connect(site, {
    ...RS,
    limits: { idleMs: 5000 },
    retry: { baseMs: 60_000, maxMs: 120_000 },
  });
  await client.info();
  const during = async (work: (signal: AbortSignal) => Promise<unknown>) => {
    const abort = new AbortController();
    let abortedAt = 0;
    whenAsked(() => {
      abortedAt = performance.now();
      abort.abort();
    });
    await failsWith(work(abort.signal), 'transient', 'cancelled');
    assert.ok(performance.now() - abortedAt < 5000);
  };
  /** A little after the next request has come, so that the fault is this call's. */
  const whenAsked = (does: () => void): void => {
    const before = site.log.length;
    const look = () => void (site.log.length > before ? setTimeout(does, 60) : setTimeout(look, 5));
    look();
  };
  site.faults.add({ kind: 'stall' }, { request: 'backup' });
  await during((signal) => client.backup({ signal }));
  site.faults.add({ kind: 'server-error' }, { request: 'backup' });
  await during((signal) => client.backup({ signal }));
  site.faults.add({ kind: 'stall', afterBytes: 100_000 }, { request: 'backup' });
  await during(async (signal) => bytesOf((await client.backup({ signal })).chunks));
  await during(() => {
    site.faults.add({ kind: 'stall' }, { request: 'backup' });
    whenAsked(() => void client.close());
    return client.backup();
  });
  await failsWith(client.backup(), 'transient', 'cancelled', /closed/);
});

test('opening is tried three times, then left to the caller', async (t) => {
  const site = await appliance(t);
  const client = connect(site, RS);
  await client.info();
  site.faults.add({ kind: 'server-error', status: 503 }, { request: 'backup', times: 2 });
  assert.equal((await bytesOf((await client.backup()).chunks)).size, 300_000);
  site.faults.add({ kind: 'server-error' }, { request: 'backup', times: 3 });
  await failsWith(client.backup(), 'transient', 'appliance-unavailable', /500/);
  site.faults.add({ kind: 'refuse' }, { request: 'backup', times: 3 });
  await failsWith(client.backup(), 'transient', 'connection-lost');
  assert.equal(site.log.filter(({ request }) => request === 'backup').length, 9);
});

test('too many requests: the wait that was asked for is kept or handed on', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { ...RS, retry: { maxMs: 1500 } });
  await client.info();
  site.faults.add({ kind: 'too-many-requests', retryAfterSeconds: 1 }, { request: 'backup' });
  const startedAt = performance.now();
  (await client.backup()).chunks[Symbol.asyncIterator]().return?.();
  assert.ok(performance.now() - startedAt >= 990);
  site.faults.add({ kind: 'too-many-requests' }, { request: 'backup' });
  const failure = await failsWith(client.backup(), 'transient', 'too-many-requests');
  assert.equal(failure.retryAfterMs, 10_000);
});

test('a host that is not there, or does not speak TLS', async (t) => {
  const site = await appliance(t);
  await site.close();
  const gone = connect(site, { ...RS, retry: { attempts: 1 } });
  await failsWith(gone.backup(), 'transient', 'unreachable', /Main \(localhost:\d+\) cannot be reached/);
  const unknown = connect(
    { address: 'no-such-host.invalid', caPem: site.caPem },
    { ...RS, retry: { attempts: 1 } },
  );
  await failsWith(unknown.backup(), 'transient', 'unreachable', /no-such-host\.invalid/);
  const { createServer } = await import('node:net');
  const plain = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  t.after(() => plain.close());
  const { port } = plain.address() as { port: number };
  const noTls = connect(
    { address: `localhost:${port}`, caPem: site.caPem },
    { ...RS, retry: { attempts: 1 } },
  );
  await failsWith(noTls.backup(), 'transient', 'tls');
  const silent = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const at = `localhost:${(silent.address() as { port: number }).port}`;
  const slow = connect(
    { address: at, caPem: site.caPem },
    { ...RS, limits: { connectMs: 100 }, retry: { attempts: 1 } },
  );
  await failsWith(slow.backup(), 'transient', 'unreachable', /no connection within 0\.1 s/);
});

test('a certificate that is not trusted is final, and says what to do', async (t) => {
  const site = await appliance(t);
  const other = (await makeAuthority()).certificatePem;
  await failsWith(
    connect({ address: site.address, caPem: other }, RS).backup(),
    'terminal',
    'certificate',
    /certificate authority/,
  );
  const client = connect(site, { site: { product: 'RS', ca: undefined } });
  await failsWith(client.backup(), 'terminal', 'certificate', /Main \(localhost:\d+\)/);
  assert.equal(site.log.length, 0);
  await failsWith(connect(site, { site: { ca: 'not PEM' } }).backup(), 'terminal', 'certificate');
});

async function tlsAddress(
  t: Parameters<typeof appliance>[0],
  options: TlsOptions,
  host = '127.0.0.1',
): Promise<string> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => server.close());
  return `${host}:${(server.address() as { port: number }).port}`;
}

test('a certificate for another host, and TLS older than 1.2, are refused', async (t) => {
  const authority = await makeAuthority();
  const { keyPem: key, certificatePem: cert } = await makeServerCertificate(authority, 'support.example.com');
  const options = { ...RS, retry: { attempts: 1 } };
  // Linux and Windows answer on all of 127/8; the certificate names 127.0.0.1 only.
  const address = await tlsAddress(t, { key, cert }, '127.0.0.2');
  const elsewhere = connect({ address, caPem: authority.certificatePem }, options);
  await failsWith(elsewhere.backup(), 'terminal', 'certificate', /another host name/);
  const old = await tlsAddress(t, {
    key,
    cert,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await failsWith(
    connect({ address: old, caPem: authority.certificatePem }, options).backup(),
    'transient',
    'tls',
    /TLS 1\.2/,
  );
});

test('no environment variable turns the verification off', async (t) => {
  const site = await appliance(t);
  const script = `
    import { connectAppliance } from ${JSON.stringify(import.meta.resolve('../shared/appliance/connect-appliance.ts'))};
    const client = connectAppliance({ site: { id: 'a', name: 'A', host: '${site.address}', auth: { kind: 'oauth', clientId: 'x' } }, secret: async () => 's' });
    await client.backup().catch((error) => console.log(error.code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  });
  assert.equal(stdout.trim(), 'certificate');
});

test('redirects are not followed, compression is not accepted, each call closes its connection', async (t) => {
  const seen: Record<string, unknown>[] = [];
  const server = await tlsServer(t, (request, response) => {
    seen.push({
      url: request.url,
      connection: request.headers.connection,
      encoding: request.headers['accept-encoding'],
    });
    if (request.url === '/oauth2/token') {
      response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 3600 }));
    } else if (request.url?.startsWith('/api/backup')) {
      response.writeHead(302, { Location: 'https://169.254.169.254/secret-path' });
      response.end();
    } else {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(Buffer.from([0x1f, 0x8b]));
    }
  });
  const client = connect(server, RS);
  const failure = await failsWith(client.backup(), 'terminal', 'redirected', /302/);
  assert.ok(!failure.message.includes('169.254'));
  await failsWith(client.sessionRecording('a1'), 'transient', 'content-encoding');
  assert.deepEqual(
    [...new Set(seen.map(({ connection, encoding }) => `${connection} ${encoding}`))],
    ['close identity'],
  );
  assert.ok(seen.every(({ url }) => !String(url).includes('secret-path')));
});

test('logs hold no secret, no token and no parameter', async (t) => {
  const lines: string[] = [];
  const write = (message: string, fields?: object) => void lines.push(JSON.stringify([message, fields]));
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const site = await appliance(t);
  const client = connect(site, { log });
  await client.info();
  await readings(client, DAY);
  assert.ok(lines.length > 3);
  assert.ok(
    lines.every((line) => !/horse|Bearer|end_time|https?:/.test(line)),
    lines.join('\n'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileNameOf } from '../shared/appliance/file-download.ts';
import { appliance, bytesOf, connect, failsWith, legacy } from './appliance-client-support.ts';
import { tlsServer } from './tls-server-support.ts';

function recorded(site: Awaited<ReturnType<typeof appliance>>): string {
  for (const { session, hasRecording } of site.truth.sessions()) if (hasRecording) return session.lsid;
  return assert.fail('no recording');
}

test('a recording comes whole, with its type, name and evidence of its size', async (t) => {
  for (const product of ['RS', 'PRA'] as const) {
    for (const bodyFraming of ['length', 'chunked', 'none'] as const) {
      const site = await appliance(t, { product, bodyFraming });
      const lsid = recorded(site);
      const truth = site.truth.recording(lsid);
      const { chunks, evidence, contentType, fileName } = await connect(site).sessionRecording(lsid);
      assert.deepEqual(await bytesOf(chunks), truth);
      assert.deepEqual(
        evidence,
        bodyFraming === 'length' ? { kind: 'length', bytes: truth?.size } : { kind: bodyFraming },
      );
      assert.equal(contentType, 'video/x-flv');
      assert.equal(fileName, `${lsid}.flv`);
    }
  }
});

test('a backup comes whole; its password goes as JSON', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  assert.deepEqual(await bytesOf((await client.backup()).chunks), site.truth.lastBackup);
  assert.deepEqual(await bytesOf((await client.backup({ password: 'pä"ss' })).chunks), site.truth.lastBackup);
  assert.ok(!JSON.stringify(site.log).includes('pä'));
  assert.deepEqual(await bytesOf((await connect(site, legacy).backup()).chunks), site.truth.lastBackup);
  await failsWith(connect(site, legacy).backup({ password: 'x' }), 'terminal', 'backup-password');
});

test('an error document in place of a recording is about this recording, in the appliance’s words', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  const lsid = recorded(site);
  site.faults.add({ kind: 'recording-expired' }, { lsid });
  await failsWith(client.sessionRecording(lsid), 'item', 'recording-expired');
  site.faults.add({ kind: 'recording-not-ready' }, { lsid });
  await failsWith(client.sessionRecording(lsid), 'item', 'recording-refused', /still being processed/);
  const message = 'L’enregistrement a expiré : https://a.example/x?h=1';
  site.faults.add({ kind: 'error-document', message, attributes: true }, { lsid });
  await failsWith(client.sessionRecording(lsid), 'item', 'recording-refused', /a expiré : \[URL\]/);
  site.faults.add({ kind: 'html' }, { lsid });
  await failsWith(client.sessionRecording(lsid), 'item', 'recording-refused', /Sign in/);
  await failsWith(client.sessionRecording('0'.repeat(32)), 'item', 'recording-refused', /Invalid lsid/);
  assert.deepEqual(await bytesOf((await client.sessionRecording(lsid)).chunks), site.truth.recording(lsid));
});

test('a page or an error document in place of a backup is never a backup', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  site.faults.add({ kind: 'html' }, { request: 'backup', times: 3 });
  await failsWith(client.backup(), 'transient', 'backup-refused', /Sign in/);
  site.faults.add({ kind: 'error-document' }, { request: 'backup', times: 3 });
  await failsWith(client.backup(), 'transient', 'backup-refused', /search could not/);
});

/** Replies to a recording request as bytes. */
async function replying(
  t: Parameters<typeof tlsServer>[0],
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = 200,
) {
  const server = await tlsServer(t, (request, response) => {
    if (request.url === '/oauth2/token') {
      response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 3600 }));
      return;
    }
    response.writeHead(status, headers);
    response.end(body);
  });
  return connect(server, { site: { product: 'RS' } });
}

test('text is told from a file by its first character, blanks, marks and types aside', async (t) => {
  for (const text of [
    '<?xml version="1.0"?><error>x</error>',
    '\uFEFF \r\n\t<error>x</error>',
    '<!doctype html><p>x',
    '<HTML><body>x',
    '<p:error xmlns:p="u">x</p:error>',
    '< x',
    '',
    '   \n',
  ]) {
    const client = await replying(t, text, { 'Content-Type': 'video/mp4' });
    await failsWith(client.sessionRecording('a1'), 'item', 'recording-refused');
  }
  const plain = await replying(t, 'Sorry', { 'Content-Type': 'text/html; charset=UTF-8' });
  await failsWith(plain.sessionRecording('a1'), 'item', 'recording-refused', /Sorry/);
  for (const file of [Buffer.from([0, 0, 0, 0x3c]), 'FLV<', Buffer.from([0xff, 0x3c]), '{ not json']) {
    const client = await replying(t, file);
    assert.equal((await bytesOf((await client.sessionRecording('a1')).chunks)).size, Buffer.byteLength(file));
  }
});

test('a recording that is not found does not stop the others; a forbidden one tells of the permission', async (t) => {
  const missing = await replying(t, '<h1>Document Not Found</h1>', {}, 404);
  await failsWith(missing.sessionRecording('a1'), 'item', 'recording-refused', /not found/);
  const forbidden = await replying(t, '', {}, 403);
  await failsWith(forbidden.sessionRecording('a1'), 'terminal', 'no-permission');
});

test('a hostile page does not hold up its reading', async (t) => {
  const client = await replying(t, '<script'.repeat(30_000), { 'Content-Type': 'text/html' });
  const startedAt = performance.now();
  await failsWith(client.sessionRecording('a1'), 'item', 'recording-refused');
  assert.ok(performance.now() - startedAt < 2000);
});

test('file names are taken from Content-Disposition as they are', () => {
  assert.equal(fileNameOf('attachment; filename="a \\"b\\".flv"'), 'a "b".flv');
  assert.equal(fileNameOf("attachment; filename=x.flv; filename*=UTF-8''%C3%A9.flv"), 'é.flv');
  assert.equal(fileNameOf("attachment; filename=x.flv; filename*=UTF-8''%C3"), 'x.flv');
  assert.equal(fileNameOf('attachment'), undefined);
  assert.equal(fileNameOf(undefined), undefined);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Appliance, FileDownload } from '../shared/appliance/appliance.ts';
import { zipOf } from './appliance/activity/zip.ts';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import {
  appliance,
  bytesOf,
  collect,
  connect,
  FROM,
  failsWith,
  readings,
  TO,
} from './appliance-client-support.ts';
import { tlsServer } from './tls-server-support.ts';

interface Expected {
  readonly kind: 'command-shell' | 'show-my-screen' | 'user' | 'presentation';
  readonly lsid: string;
  readonly instance?: string;
  readonly format?: string;
  open(client: Appliance): Promise<FileDownload>;
}

/** Every recording that the session report announces. */
async function announced(client: Appliance): Promise<Expected[]> {
  const sessions = await readings(client, { by: 'end_time', from: FROM, to: TO + 3600 });
  assert(sessions);
  const all: Expected[] = [];
  for (const { session } of sessions) {
    const { lsid, recordings } = session;
    for (const instance of recordings.commandShell.map(String)) {
      all.push({
        kind: 'command-shell',
        lsid,
        instance,
        open: (asked) => asked.commandShellRecording(lsid, instance, 'video'),
      });
      all.push({
        kind: 'command-shell',
        lsid,
        instance,
        format: 'txt',
        open: (asked) => asked.commandShellRecording(lsid, instance, 'text'),
      });
    }
    for (const instance of recordings.showMyScreen.map(String)) {
      const open = (asked: Appliance) => asked.showMyScreenRecording(lsid, instance);
      all.push({ kind: 'show-my-screen', lsid, instance, open });
    }
    if (recordings.user) all.push({ kind: 'user', lsid, open: (asked) => asked.userRecording(lsid) });
  }
  return all;
}

async function checkAll(site: SimulatedAppliance, client: Appliance, all: readonly Expected[]) {
  const hashes = new Set<string>();
  for (const { kind, lsid, instance, format, open } of all) {
    const file = await open(client);
    const truth = site.truth.otherRecording(kind, {
      lsid,
      ...(instance === undefined ? {} : { instance }),
      ...(format === undefined ? {} : { format }),
    });
    const found = await bytesOf(file.chunks);
    assert.deepEqual(found, truth);
    assert.deepEqual(file.evidence, { kind: 'length', bytes: found.size });
    assert.match(file.fileName ?? '', format === 'txt' ? /\.txt$/ : /\.flv$/);
    hashes.add(found.sha256);
  }
  assert.equal(hashes.size, all.length, 'no two are the same');
}

test('RS: every shell, as video and as text, and every Show My Screen recording that a session announces', async (t) => {
  const site = await appliance(t, { sessions: 60, recordingBytes: [500, 9000] });
  const client = connect(site);
  const all = await announced(client);
  const count = (wanted: string) => all.filter(({ kind }) => kind === wanted).length;
  assert(count('command-shell') > 8 && count('show-my-screen') > 4, 'there are some');
  assert(all.some(({ kind, instance }) => kind === 'show-my-screen' && instance === '2'));
  assert.equal(count('user'), 0);
  await checkAll(site, client, all);
});

test('PRA: every shell and every user recording that a session announces', async (t) => {
  const site = await appliance(t, { product: 'PRA', sessions: 60, recordingBytes: [500, 9000] });
  const client = connect(site);
  const all = await announced(client);
  assert(all.filter(({ kind }) => kind === 'user').length > 4);
  assert(all.every(({ kind }) => kind !== 'show-my-screen'));
  await checkAll(site, client, all);
});

test('presentations have the recordings they announce, and no others', async (t) => {
  const site = await appliance(t, { sessions: 200 });
  const client = connect(site);
  for (const { lsid, recordings } of site.truth.presentations()) {
    if (!recordings.session) await failsWith(client.presentationRecording(lsid), 'item', 'recording-refused');
    else {
      const { chunks } = await client.presentationRecording(lsid);
      assert.deepEqual(await bytesOf(chunks), site.truth.otherRecording('presentation', { lsid }));
    }
  }
});

test('what is not there, has expired or is cut off is about that one recording', async (t) => {
  const site = await appliance(t, { sessions: 60 });
  const client = connect(site);
  const [shell] = (await announced(client)).filter(({ kind }) => kind === 'command-shell');
  assert(shell);
  const { lsid } = shell;
  await failsWith(
    client.commandShellRecording(lsid, '9', 'video'),
    'item',
    'recording-refused',
    /shell recording 9 of/,
  );
  await failsWith(client.commandShellRecording(lsid, '9', 'text'), 'item', 'recording-refused');
  await failsWith(
    client.showMyScreenRecording('0'.repeat(32), '0'),
    'item',
    'recording-refused',
    /Invalid lsid/,
  );
  for (const format of ['video', 'text'] as const) {
    site.faults.add({ kind: 'recording-expired' }, { request: 'CommandShellRecording', lsid });
    await failsWith(client.commandShellRecording(lsid, '0', format), 'item', 'recording-expired');
    site.faults.add({ kind: 'html' }, { request: 'CommandShellRecording', lsid });
    await failsWith(client.commandShellRecording(lsid, '0', format), 'item', 'recording-refused', /Sign in/);
  }
  const { chunks } = await client.commandShellRecording(lsid, '0', 'video');
  assert((await bytesOf(chunks)).size > 0);
  site.faults.add(
    { kind: 'cut', afterBytes: 1000, framing: 'length' },
    { request: 'CommandShellRecording', times: 3 },
  );
  await failsWith(
    client.commandShellRecording(lsid, '0', 'video').then((file) => bytesOf(file.chunks)),
    'transient',
    'truncated',
  );
});

for (const product of ['RS', 'PRA'] as const) {
  test(`syslog and endpoint licences of ${product} are ZIP files, as they were sent`, async (t) => {
    const site = await appliance(t, { product });
    const client = connect(site);
    const first = await bytesOf((await client.syslog()).chunks);
    assert.deepEqual(first, site.truth.lastSyslog);
    assert.notDeepEqual(await bytesOf((await client.syslog()).chunks), first);
    assert.deepEqual(
      await bytesOf((await client.endpointLicenseUsage()).chunks),
      site.truth.lastEndpointLicenseUsage,
    );
    const content = Buffer.concat(await collect((await client.endpointLicenseUsage()).chunks));
    assert.match(content.toString('latin1'), /jump_items\.csv"Item Name","Hostname/);
    site.faults.add({ kind: 'error-document' }, { request: 'Syslog', times: 3 });
    await failsWith(client.syslog(), 'transient', 'report-refused');
  });
}

test('an archive comes as gzip of JSON, and what the Jump Item report answers comes as it is', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  const date = new Date(FROM * 1000).toISOString().slice(0, 10);
  for (const type of ['state', 'event'] as const) {
    const file = await client.archive({ date, type, index: '3' });
    assert(file);
    const bytes = Buffer.concat(await collect(file.chunks));
    for (const line of gunzipSync(bytes).toString().trim().split('\n'))
      assert.doesNotThrow(() => JSON.parse(line));
    const { size } = site.truth.archive(date, type, '3') ?? {};
    assert.equal(bytes.length, size);
  }
  const jumpItems = await client.jumpItem();
  assert(jumpItems);
  assert.match(Buffer.concat(await collect(jumpItems.chunks)).toString(), /<jump_item_list>/);
  site.faults.add(
    { kind: 'error-document', message: 'No Jump Items matching your chosen criteria is available.' },
    { request: 'JumpItem' },
  );
  assert.equal(await client.jumpItem(), undefined);
  site.faults.add({ kind: 'error-document' }, { request: 'JumpItem', times: 3 });
  await failsWith(client.jumpItem(), 'transient', 'report-refused');
});

/** A site that answers every report with these bytes. */
async function replying(t: TestContext, body: string | Buffer, type = 'application/octet-stream') {
  const server = await tlsServer(t, (request, response) => {
    if (request.url === '/oauth2/token') {
      response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 3600 }));
      return;
    }
    response.writeHead(200, { 'Content-Type': type });
    response.end(body);
  });
  return connect(server, { site: { product: 'RS' }, retry: { attempts: 1 } });
}

test('a transcript may hold any text; only an error document or a web page is refused', async (t) => {
  for (const text of [
    '<HPE>display version',
    '<error-log>\n',
    '<errors>',
    'C:\\>type a.xml\r\n<error>no</error>',
    '{"error":"none"}',
    '   \n',
    '<!-- never ends',
    '\uFEFF<prompt>',
  ]) {
    const client = await replying(t, text, 'text/plain');
    const { chunks } = await client.commandShellRecording('a1', '0', 'text');
    assert.equal(Buffer.concat(await collect(chunks)).toString(), text, 'as sent');
    if (text.startsWith('<'))
      await failsWith(client.commandShellRecording('a1', '0', 'video'), 'item', 'recording-refused');
  }
  for (const text of [
    '<error>x</error>',
    '<?xml version="1.0"?>\n<!-- a --><!-- b -->\n<a:error code="1" xmlns:a="u">x</a:error>',
    '\uFEFF  <error/>',
    '<!DOCTYPE html><p>x',
    '<html><body>x',
    '',
  ]) {
    const client = await replying(t, text, 'text/plain');
    await failsWith(client.commandShellRecording('a1', '0', 'text'), 'item', 'recording-refused');
  }
  const page = await replying(t, 'Sign in', 'text/html');
  await failsWith(page.commandShellRecording('a1', '0', 'text'), 'item', 'recording-refused');
  const hostile = await replying(t, '<!---->'.repeat(500), 'text/plain');
  assert((await bytesOf((await hostile.commandShellRecording('a1', '0', 'text')).chunks)).size === 3500);
});

test('only what begins like a ZIP is a ZIP, and like gzip a gzip', async (t) => {
  for (const zip of [zipOf([]), zipOf([{ name: 'a', content: Buffer.from('b') }])]) {
    const client = await replying(t, zip);
    assert.equal((await bytesOf((await client.syslog()).chunks)).size, zip.length);
  }
  for (const [body, code] of [
    ['PK', 'unexpected-document'],
    ['PK\x07\x08', 'unexpected-document'],
    ['', 'report-refused'],
    ['<error>x</error>', 'report-refused'],
    [gzipSync('x'), 'unexpected-document'],
  ] as const) {
    const client = await replying(t, body);
    await failsWith(client.syslog(), 'transient', code);
    await failsWith(client.endpointLicenseUsage(), 'transient', code);
  }
  const asked = { date: '2026-01-01', type: 'state', index: '0' } as const;
  const refused = await replying(t, gzipSync('<?xml version="1.0"?><error>Schaden</error>'));
  await failsWith(refused.archive(asked), 'transient', 'report-refused', /Schaden/);
  const broken = await replying(t, 'x');
  await failsWith(broken.archive(asked), 'transient', 'unexpected-document');
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const large = await replying(t, bomb);
  assert.equal((await bytesOf((await kept(large.archive(asked))).chunks)).size, bomb.length);
});

async function kept<T>(work: Promise<T | undefined>): Promise<T> {
  const value = await work;
  assert(value !== undefined);
  return value;
}

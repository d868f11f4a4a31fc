import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listAudit } from '../shared/access/audit-list.ts';
import type { Principal } from '../shared/access/roles.ts';
import { createApi } from '../shared/api/app.ts';
import { askedRange, mostBytes } from '../shared/api/files-range.ts';
import { fileId } from '../shared/catalog/file-id.ts';
import type { Destination, FileItem } from '../shared/destinations/destination.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { stateKey } from '../shared/state/state-store.ts';
import { storeIn } from './contract/file-place.ts';
import { as, asEverybody } from './support/principals.ts';
import { makeWorkbench, newYear, type Workbench } from './support/workbench.ts';

interface House {
  readonly bench: Workbench;
  readonly destination: Destination;
  /** Under `/api/catalog`. */
  ask(path: string, headers?: Record<string, string>, who?: () => Promise<Principal>): Promise<Response>;
  head(path: string): Promise<Response>;
  /** Stores a file; its id and bytes. */
  store(
    key: string,
    bytes: Buffer,
    more?: Partial<FileItem>,
  ): Promise<{ id: string; bytes: Buffer; path: string }>;
}

async function house(context: TestContext, folder: object = {}): Promise<House> {
  const bench = makeWorkbench(context, { folder });
  await saveSettings(bench.services.state, bench.settings);
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  const ask = async (path: string, init: RequestInit, who: () => Promise<Principal>) =>
    api.fetch(new Request(`http://127.0.0.1/api/catalog${path}`, init), {
      services: bench.services,
      starter,
      authenticate: who,
    });
  const [setting] = bench.settings.destinations;
  assert.ok(setting);
  const destination = await bench.services.destination(setting);
  return {
    bench,
    destination,
    ask: (path, headers = {}, who = as('EvidenceViewer')) => ask(path, { headers }, who),
    head: (path) => ask(path, { method: 'HEAD' }, as('EvidenceViewer')),
    async store(key, bytes, more = {}) {
      const item: FileItem = {
        origin: { siteId: 'site', host: 'site.example.com' },
        stream: 'session-recording',
        key: stateKey('site.example.com', more.stream ?? 'session-recording', key),
        values: {
          LSID: key,
          SESSION_TYPE: 'support',
          SUPPORT_SITE_HOST: 'site.example.com',
          EXTENSION: 'flv',
        },
        ...more,
      };
      const outcome = await storeIn(destination, item, bytes);
      assert.ok(outcome.status === 'stored', outcome.status);
      const { name } = outcome.file;
      return { id: fileId('folder', item.key, name), bytes, path: join(bench.files, name) };
    },
  };
}

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
async function problem(answer: Response): Promise<[number, string]> {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  return [answer.status, ((await answer.json()) as { code: string }).code];
}
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a file is given out whole with its hash and a name that is safe', async (t) => {
  const { ask, head, store } = await house(t);
  const { id, bytes } = await store('Grüße "1"; x', randomBytes(100_000));
  const answer = await ask(`/files/${id}/content`);
  assert.equal(answer.status, 200);
  const { date: _, ...headers } = Object.fromEntries(answer.headers);
  const name = /filename="([^"]*)"; filename\*=UTF-8''(\S+)$/.exec(headers['content-disposition'] ?? '');
  assert.match(name?.[1] ?? '', /^site\.example\.com-support-Gr_+e[\w .-]+\.flv$/);
  assert.match(decodeURIComponent(name?.[2] ?? ''), /^site\.example\.com-support-Grüße _1_; x~\w+\.flv$/);
  assert.deepEqual(
    { ...headers, 'content-disposition': '', 'last-modified': '' },
    {
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'content-disposition': '',
      'content-length': '100000',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'video/x-flv',
      etag: `"${hashOf(bytes)}"`,
      'last-modified': '',
      'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
      'x-content-type-options': 'nosniff',
    },
  );
  assert.ok((await bytesOf(answer)).equals(bytes));
  const bare = await head(`/files/${id}/content`);
  assert.deepEqual(
    [bare.status, bare.headers.get('content-length'), (await bytesOf(bare)).length],
    [200, '100000', 0],
  );
  const empty = await store('empty', Buffer.alloc(0));
  const nothing = await ask(`/files/${empty.id}/content`, { range: 'bytes=-5' });
  assert.deepEqual([nothing.status, (await bytesOf(nothing)).length], [200, 0]);
});

test('ranges of every kind are answered as the standard says', async (t) => {
  const { ask, store } = await house(t);
  const { id, bytes } = await store('1', randomBytes(1000));
  const etag = `"${hashOf(bytes)}"`;
  for (const [range, first, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=990-', 990, 1000],
    ['bytes=990-5000', 990, 1000],
    ['bytes=-10', 990, 1000],
    ['BYTES=-5000', 0, 1000],
  ] as const) {
    const answer = await ask(`/files/${id}/content`, { range, 'if-range': etag });
    assert.deepEqual(
      [answer.status, answer.headers.get('content-range')],
      [206, `bytes ${first}-${end - 1}/1000`],
      range,
    );
    assert.ok((await bytesOf(answer)).equals(bytes.subarray(first, end)), range);
  }
  // Several ranges, other units and what is malformed may be ignored; so may a range of another file.
  for (const headers of [
    { range: 'bytes=0-1,5-6' },
    { range: 'items=0-1' },
    { range: 'bytes=9-3' },
    { range: 'bytes=-' },
    { range: 'bytes=1-2', 'if-range': '"another"' },
    { range: 'bytes=1-2', 'if-range': 'Sat, 21 Nov 2026 00:00:00 GMT' },
  ]) {
    const answer = await ask(`/files/${id}/content`, headers);
    assert.equal(answer.status, 200, JSON.stringify(headers));
    assert.equal((await bytesOf(answer)).length, 1000);
  }
  for (const range of ['bytes=1000-', 'bytes=5000-6000', 'bytes=-0']) {
    const answer = await ask(`/files/${id}/content`, { range });
    assert.equal(answer.headers.get('content-range'), 'bytes */1000');
    assert.deepEqual(await problem(answer), [416, 'range-not-satisfiable'], range);
  }
  assert.deepEqual(askedRange('bytes=5-', 5 + mostBytes), { from: 5, to: 5 + mostBytes });
  assert.deepEqual(askedRange('bytes=5-', 6 + mostBytes), { from: 5, to: 5 + mostBytes });
});

test('a file of more than 16 MiB comes in parts that make the stored hash', async (t) => {
  const { bench, ask, head, store } = await house(t);
  const block = randomBytes(1024 * 1024);
  const { id, bytes } = await store('large', Buffer.concat([...Array(33).fill(block), block.subarray(0, 5)]));
  assert.deepEqual(await problem(await ask(`/files/${id}/content`)), [400, 'range-required']);
  const other = { range: 'bytes=0-', 'if-range': '"another"' };
  assert.deepEqual(await problem(await ask(`/files/${id}/content`, other)), [412, 'part-of-another']);
  const { headers } = await head(`/files/${id}/content`);
  const etag = headers.get('etag') ?? '';
  const size = Number(headers.get('content-length'));
  const hash = createHash('sha256');
  let parts = 0;
  for (let at = 0; at < size; parts++) {
    const answer = await ask(`/files/${id}/content`, { range: `bytes=${at}-`, 'if-range': etag });
    assert.equal(answer.status, 206);
    const part = await bytesOf(answer);
    assert.ok(part.length <= mostBytes);
    assert.equal(answer.headers.get('content-range'), `bytes ${at}-${at + part.length - 1}/${size}`);
    hash.update(part);
    at += part.length;
  }
  assert.deepEqual([parts, `"${hash.digest('hex')}"`], [3, etag]);
  // Who took which bytes of which file is in the audit log, refusals too.
  assert.deepEqual(await problem(await ask(`/files/${id}/content`, {}, as('Administrator'))), [
    403,
    'forbidden',
  ]);
  const { entries } = await listAudit(bench.services.state, { limit: 4 });
  const [refused, done, asked] = entries;
  assert.equal(refused?.outcome, 'refused');
  assert.equal(asked?.outcome, 'asked');
  assert.deepEqual(
    [done?.outcome, done?.operation, done?.principal.name, done?.file],
    [
      'done',
      'getFileContent',
      'EvidenceViewer person',
      `folder: bytes ${2 * mostBytes}-${size - 1}/${size} of ${hashOf(bytes)} site.example.com-support-large.flv`,
    ],
  );
});

test('nobody but an Evidence Viewer gets content, and everybody who may read its description', async (t) => {
  const { ask, store } = await house(t);
  const { id } = await store('1', Buffer.from('content'));
  for (const role of ['Reader', 'Operator', 'Administrator'] as const) {
    assert.deepEqual(await problem(await ask(`/files/${id}/content`, {}, as(role))), [403, 'forbidden']);
    const known = await ask(`/files/${id}`, {}, as(role));
    const { state, name, sha256 } = (await known.json()) as Record<string, unknown>;
    assert.deepEqual(
      [state, name, sha256],
      ['stored', 'site.example.com-support-1.flv', hashOf(Buffer.from('content'))],
    );
  }
});

test('an id reaches what the catalog has and nothing else', async (t) => {
  const { bench, ask, store } = await house(t);
  const { id } = await store('1', Buffer.from('content'));
  writeFileSync(join(bench.files, 'secret.txt'), 'not of the catalog');
  const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const version = JSON.parse(Buffer.from(id, 'base64url').toString())[2];
  const item = stateKey('site.example.com', 'session-recording', '1');
  for (const trick of [
    made('folder', '../secret.txt', version),
    made('folder', 'secret.txt', createHash('sha256').update('secret.txt').digest('hex').slice(0, 16)),
    made('folder', item, '../../secret.txt'),
    made('folder', item, '0'.repeat(16)),
    made('../folder', item, version),
    made('database', item, version),
    made('nowhere', item, version),
    made('folder', { toString: 'x' }, version),
    made('folder'),
    Buffer.from('nonsense').toString('base64url'),
    `${id}AAAA`,
  ])
    assert.deepEqual(await problem(await ask(`/files/${trick}/content`)), [404, 'not-found'], trick);
  for (const trick of ['..', '%2e%2e', '..%2fsecret.txt', 'a%00b', 'x'.repeat(9000)]) {
    const { status } = await ask(`/files/${trick}/content`);
    assert.ok([400, 404].includes(status), `${trick}: ${status}`);
  }
});

test('a file that is gone or another at its store is said to be, and never served', async (t) => {
  const { bench, ask, head, store } = await house(t);
  const missing = await store('missing', Buffer.from('content'));
  rmSync(missing.path);
  assert.deepEqual(await problem(await ask(`/files/${missing.id}/content`)), [404, 'file-missing']);
  assert.equal((await head(`/files/${missing.id}/content`)).status, 404);
  const shorter = await store('shorter', randomBytes(5000));
  truncateSync(shorter.path, 4000);
  assert.deepEqual(await problem(await ask(`/files/${shorter.id}/content`, { range: 'bytes=0-10' })), [
    409,
    'file-changed',
  ]);
  const altered = await store('altered', Buffer.from('content'));
  writeFileSync(altered.path, 'Content');
  assert.deepEqual(await problem(await ask(`/files/${altered.id}/content`)), [409, 'file-changed']);
  const kept = await store('kept', Buffer.from('content'));
  bench.settings.destinations.splice(0, 1);
  bench.settings.schedules.splice(0, 1);
  await bench.services.state.remove('settings', 'settings', 'current');
  await saveSettings(bench.services.state, bench.settings);
  assert.deepEqual(await problem(await ask(`/files/${kept.id}/content`)), [404, 'unknown-destination']);
});

test('earlier versions are given out by their own ids, and what Overwrite or Skip took the place of says so', async (t) => {
  const { ask, store, destination } = await house(t);
  const version = (hash: string, readAt: number) => ({
    stream: 'session-data',
    version: { hash, closed: true, readAt },
  });
  const first = await store('1', Buffer.from('one'), version('a', 1));
  const second = await store('1', Buffer.from('second'), version('b', 2));
  assert.notEqual(first.id, second.id);
  assert.equal((await bytesOf(await ask(`/files/${first.id}/content`))).toString(), 'one');
  assert.equal((await bytesOf(await ask(`/files/${second.id}/content`))).toString(), 'second');
  const known = (await (await ask(`/files/${first.id}`)).json()) as { state: string };
  assert.equal(known.state, 'earlier');
  await destination.close();

  const overwriting = await house(t, { conflictHandling: 'Overwrite' });
  const values = { LSID: 'same', SESSION_TYPE: 'support', SUPPORT_SITE_HOST: 'h', EXTENSION: 'flv' };
  const lost = await overwriting.store('lost', Buffer.from('lost'), { values });
  await overwriting.store('winner', Buffer.from('winner'), { values });
  assert.deepEqual(await problem(await overwriting.ask(`/files/${lost.id}/content`)), [410, 'file-gone']);
});

test('snapshots and activity reports are listed by time, page by page', async (t) => {
  const { ask, store } = await house(t);
  const days = ['20251230T000000Z', '20251231T000000Z', '20260101T000000Z', '20260102T000000Z'];
  for (const day of days) {
    await store(day, Buffer.from(day), { stream: 'backup' });
    await store(`${day}|P1D`, Buffer.from(`${day} team`), { stream: 'team-activity' });
  }
  const names = async (query: string) => {
    const found: string[] = [];
    for (let next = ''; ; ) {
      const answer = await ask(`/files?site=site&${query}${next}`, {}, asEverybody);
      const page = (await answer.json()) as { files: { name: string; state: string }[]; next?: string };
      assert.equal(answer.status, 200, JSON.stringify(page));
      found.push(...page.files.map(({ name }) => /\d{8}T/.exec(name)?.[0] ?? name));
      if (page.next === undefined) return found;
      next = `&next=${page.next}`;
    }
  };
  const all = days.map((day) => day.slice(0, 9));
  assert.deepEqual(await names('stream=backup&limit=1'), all);
  assert.deepEqual(await names('stream=team-activity&limit=3'), all);
  const from = new Date((newYear - 86_400) * 1000).toISOString();
  const to = new Date((newYear + 86_400) * 1000).toISOString();
  for (const stream of ['backup', 'team-activity'])
    assert.deepEqual(await names(`stream=${stream}&from=${from}&to=${to}`), all.slice(1, 3), stream);
  assert.deepEqual(await names('stream=syslog'), []);
  assert.deepEqual(await names('stream=backup&destination=database'), []);
  assert.deepEqual(await names('stream=backup&host=other.example.com'), []);
  for (const [query, code] of [
    ['site=site&stream=session-recording', 'bad-request'],
    ['site=nowhere&stream=backup', 'not-found'],
    ['site=site&stream=backup&next=x', 'bad-request'],
    ['stream=backup', 'bad-request'],
    ['site=site&stream=backup&path=../x', 'bad-request'],
  ])
    assert.equal((await problem(await ask(`/files?${query}`)))[1], code, query);
});

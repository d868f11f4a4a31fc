import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { localAccess } from '../shared/access/local.ts';
import { createApi } from '../shared/api/app.ts';
import type { Session } from '../shared/sessions/session.ts';
import { type Installation, startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { as } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

interface Found {
  readonly site: string;
  readonly lsid: string;
  readonly startTime: string | null;
  readonly endTime: string | null;
  readonly externalKey: string | null;
  readonly dataTypes: string[];
}

interface StoredFile {
  readonly id: string;
  readonly destination: string;
  readonly name: string;
  readonly stream: string;
  readonly state: string;
  readonly sha256: string;
  readonly size: number;
}

function asking(installation: Pick<Installation, 'services'>) {
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  return (path: string) =>
    api.fetch(new Request(`http://127.0.0.1/api/catalog${path}`), {
      services: installation.services,
      starter,
      authenticate: as('EvidenceViewer'),
    });
}

async function search(
  ask: ReturnType<typeof asking>,
  query: Record<string, string>,
  limit = 7,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let next: string | undefined; ; ) {
    const asked = new URLSearchParams({
      ...query,
      limit: String(limit),
      ...(next === undefined ? {} : { next }),
    });
    const answer = await ask(`/sessions?${asked}`);
    const page = (await answer.json()) as { sessions: Found[]; next?: string };
    assert.equal(answer.status, 200, JSON.stringify(page));
    found.push(...page.sessions);
    next = page.next;
    if (next === undefined) return found;
  }
}

const names = {
  externalKey: ({ externalKey }: Session) => [externalKey],
  user: ({ representatives, primaryRepresentative }: Session) => [
    primaryRepresentative?.name,
    ...representatives.flatMap((one) => [
      one.userName,
      one.displayName,
      one.publicDisplayName,
      one.privateDisplayName,
    ]),
  ],
  endpoint: ({ customers, primaryCustomer }: Session) => [
    primaryCustomer?.name,
    ...customers.flatMap(({ hostName, userName, name }) => [hostName, userName, name]),
  ],
};

function newestFirst(sessions: readonly Session[]): string[] {
  return sessions
    .toSorted((a, b) => (b.startTime ?? 0) - (a.startTime ?? 0) || (a.lsid < b.lsid ? -1 : 1))
    .map(({ lsid }) => lsid);
}

const token = 'a-token-of-this-test-0123456789';

async function installed(t: TestContext): Promise<Installation> {
  const installation = await startInstallation({
    sites: { support: { oddities: 'all' }, access: { product: 'PRA', oddities: 'all' } },
    hoursBack: 7,
    services: (services) => ({ ...services, access: localAccess(token) }),
  });
  t.after(() => installation.close());
  return installation;
}

test('after a run every session is found by all that the appliance says of it, with its files', async (t) => {
  const installation = await installed(t);
  const run = await installation.run();
  assert.notEqual(run.status, 'failed');
  const ask = asking(installation);
  const bySite = new Map(
    [...installation.appliances].map(([id, { truth }]) => [
      id,
      [...truth.sessions()].map(({ session }) => session),
    ]),
  );
  const all = [...bySite.values()].flat();
  assert.ok(all.length > 35);
  assert.deepEqual(
    (await search(ask, {})).map(({ lsid }) => lsid),
    newestFirst(all),
  );
  for (const [site, sessions] of bySite) {
    assert.deepEqual(
      (await search(ask, { site }, 200)).map(({ lsid }) => lsid),
      newestFirst(sessions),
    );
    for (const { lsid, startTime, endTime, externalKey } of sessions) {
      const [one, ...more] = await search(ask, { lsid: lsid.toUpperCase() });
      assert.deepEqual(more, []);
      const seconds = (text: string | null | undefined) => (text ? Date.parse(text) / 1000 : null);
      assert.deepEqual(
        [one?.site, one?.lsid, seconds(one?.startTime), seconds(one?.endTime), one?.externalKey],
        [site, lsid, startTime, endTime, externalKey === '' ? null : externalKey],
      );
    }
  }
  const fold = (text: string) => text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  for (const [criterion, of] of Object.entries(names)) {
    const values = new Map<string, Session[]>();
    for (const session of all)
      for (const value of new Set(of(session).map((name) => fold(name ?? ''))))
        if (value !== '') values.set(value, [...(values.get(value) ?? []), session]);
    assert.ok(values.size > 3, criterion);
    for (const [value, sessions] of [...values].slice(0, 40))
      assert.deepEqual(
        (await search(ask, { [criterion]: value }, 200)).map(({ lsid }) => lsid),
        newestFirst(sessions),
        `${criterion} ${value}`,
      );
  }
  const { began } = installation;
  const [from, to] = [began - 5 * 3600, began - 3 * 3600];
  const within = all.filter(({ startTime }) => startTime !== null && startTime >= from && startTime < to);
  const time = { from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() };
  assert.deepEqual(
    (await search(ask, time)).map(({ lsid }) => lsid),
    newestFirst(within),
  );

  // Its files: those in the folder that bear its lsid, each with its bytes.
  const disk = filesIn(installation.data.files);
  for (const [site, sessions] of bySite)
    for (const { lsid } of sessions) {
      const answer = await ask(`/sessions/${site}/${lsid}`);
      const { files, destinations } = (await answer.json()) as {
        files: StoredFile[];
        destinations: { id: string }[];
      };
      assert.deepEqual(
        destinations.map(({ id }) => id),
        ['database'],
      );
      const own = [...disk].filter(([name]) => name.includes(lsid));
      assert.deepEqual(
        files.map(({ name, sha256, size, state }) => [name, sha256, size, state]).toSorted(),
        own.map(([name, { bytes, sha256 }]) => [name, sha256, bytes.length, 'stored']).toSorted(),
      );
    }
  const [some] = bySite.get('support') ?? [];
  const shown = (await (await ask(`/sessions/support/${some?.lsid}`)).json()) as { files: StoredFile[] };
  // Through the host, as a client gets them.
  assert.ok(shown.files.length > 0);
  for (const { id, sha256, size } of shown.files) {
    const url = `${installation.stack.host.url}/api/catalog/files/${id}/content`;
    const get = (headers: Record<string, string>) =>
      fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
    const content = await get({});
    assert.deepEqual([content.status, content.headers.get('etag')], [200, `"${sha256}"`]);
    const bytes = Buffer.from(await content.arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    const part = await get({ range: 'bytes=100-299' });
    assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 100-299/${size}`]);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 300)));
    assert.equal((await get({ authorization: '' })).status, 401);
    const head = await fetch(url, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([head.status, head.headers.get('etag')], [200, `"${sha256}"`]);
  }
});

test('a run that reads the same again writes no row of the index', async (t) => {
  let writes = 0;
  const installation = await startInstallation({
    ports: (ports) => {
      const counted = <A extends [string, ...unknown[]], R>(method: (...args: A) => R) => {
        return (...args: A): R => {
          if (args[0] === 'sessions') writes++;
          return method(...args);
        };
      };
      const { state } = ports;
      return {
        ...ports,
        state: {
          get: (...args) => state.get(...args),
          list: (...args) => state.list(...args),
          close: () => state.close(),
          insert: counted((...args: Parameters<typeof state.insert>) => state.insert(...args)),
          update: counted((...args: Parameters<typeof state.update>) => state.update(...args)),
          put: counted((...args: Parameters<typeof state.put>) => state.put(...args)),
          remove: counted((...args: Parameters<typeof state.remove>) => state.remove(...args)),
          batch: counted((...args: Parameters<typeof state.batch>) => state.batch(...args)),
        },
      };
    },
  });
  t.after(() => installation.close());
  await installation.run();
  assert.ok(writes > 0);
  writes = 0;
  const { state } = installation.services;
  for (const { key } of (await state.list('watermarks', 'support')).entries)
    await state.remove('watermarks', 'support', key);
  const sent = installation.sent().length;
  await installation.run();
  const again = installation.sent().slice(sent);
  assert.ok(again.reduce((sum, { sessions }) => sum + (sessions?.size ?? 0), 0) >= 18, 'all were read again');
  assert.equal(writes, 0);
});

test('what cannot be asked is refused with the field', async (t) => {
  const ask = asking(makeWorkbench(t));
  for (const [query, field] of [
    ['lsid=1&user=x', 'user'],
    ['user=x&endpoint=y', 'endpoint'],
    ['user=', 'user'],
    ['from=yesterday', 'from'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['site=../x', 'site'],
    ['next=%00', 'next'],
    [`endpoint=${'語'.repeat(100)}*`, 'endpoint'],
  ] as const) {
    const answer = await ask(`/sessions?${query}`);
    const { code, errors } = (await answer.json()) as { code: string; errors?: { field: string }[] };
    assert.deepEqual([answer.status, code, errors?.[0]?.field], [400, 'bad-request', field], query);
  }
  assert.equal((await ask(`/sessions/support/${'0'.repeat(32)}`)).status, 404);
  assert.deepEqual(await search(ask, { lsid: '0'.repeat(32) }), []);
});

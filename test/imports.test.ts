import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { zipSync } from 'fflate';
import type { ImportFault } from '../shared/imports/import-record.ts';
import type { Run } from '../shared/runs/run.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import {
  callApi,
  loadImport,
  reportOf,
  reportWith,
  type ShownImport,
  sendImport,
  sendPart,
  sessionsIn,
  zipOfReports,
} from './support/imports.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

const all = {
  destinations: ['folder', 'database'],
  dataTypes: ['session-data', 'session-recording'],
};
const site = { ...all, site: 'support' };
const PART = 16 * 1024;
let house: Installation;
let report: Buffer;
before(async () => {
  house = await startInstallation();
  report = await reportOf(house);
});
after(() => house.close());

const faultsOf = async (id: string) =>
  (await callApi<{ faults: ImportFault[] }>(house, 'GET', `/imports/${id}/faults`)).body.faults;
const get = (path: string) => callApi<ShownImport>(house, 'GET', path);

test('a file is sent in parts, in any order and again, resumed, checked, and its dry run writes nothing', async () => {
  const size = report.length;
  const { body: made, status } = await callApi<ShownImport>(house, 'POST', '/imports', {
    name: 'sessions.xml',
    size,
    partBytes: PART,
  });
  assert.equal(status, 201);
  assert.ok(made.parts > 3, 'a test of several parts');
  const start = (body: object) => callApi<Run>(house, 'POST', `/imports/${made.id}/start`, body);
  assert.match((await start(site)).body.title ?? '', /not complete: \d+ parts are missing/);
  const wrong = await callApi(house, 'PUT', `/imports/${made.id}/parts/1`, Buffer.from('short'));
  assert.match(wrong.body.title ?? '', /part 1 has 16384 bytes, and 5 came/);
  const other = await callApi(house, 'PUT', `/imports/${made.id}/parts/1`, report.subarray(0, PART), {
    'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:`,
  });
  assert.equal(other.body.code, 'digest-mismatch');
  assert.equal((await callApi(house, 'PUT', `/imports/${made.id}/parts/900`, Buffer.from('x'))).status, 400);
  const order = [...made.missing].reverse();
  for (const part of [...order.slice(0, 2), ...order.slice(0, 2)])
    assert.equal(await sendPart(house, made.id, report, part, PART), 200);
  const resumed = (await get(`/imports/${made.id}`)).body;
  assert.deepEqual(
    [resumed.state, resumed.received, resumed.missing],
    ['incomplete', 2, made.missing.slice(0, -2)],
  );
  for (const part of resumed.missing) await sendPart(house, made.id, report, part, PART);
  assert.equal((await get(`/imports/${made.id}`)).body.state, 'ready');

  const { body: forecast } = await start({ ...site, dryRun: true });
  const { sessions } = sessionsIn(report);
  const told = forecast as unknown as {
    sessions: number;
    complete: boolean;
    broken: number;
    requests: number;
    transfers: { stream: string; destinationId: string; found: number; there: number; fresh: number }[];
  };
  assert.deepEqual([told.sessions, told.broken, told.complete], [sessions.length, 0, true]);
  const data = told.transfers.find(
    ({ stream, destinationId }) => `${stream} ${destinationId}` === 'session-data database',
  );
  assert.deepEqual([data?.found, data?.there, data?.fresh], [sessions.length, 0, sessions.length]);
  assert.equal(filesIn(house.data.files).size, 0);
  assert.equal((await get(`/imports/${made.id}`)).body.run, undefined);
  assert.equal((await house.services.state.list('runs', 'run')).entries.length, 0);
});

test('loaded, it is as if it had been pulled; again it doubles nothing; no watermark is made', async () => {
  const { body: list } = await callApi<{ imports: ShownImport[] }>(house, 'GET', '/imports');
  const id = list.imports[0]?.id ?? assert.fail();
  const run = await loadImport(house, id, site);
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  assert.deepEqual([run.kind, run.import], ['pull', { id, from: 'site' }]);
  assert.deepEqual(await folderDifferences(house), none);
  assert.deepEqual(databaseDifferences(house), none);
  assert.deepEqual((await house.services.state.list('watermarks', 'support')).entries, []);
  const files = filesIn(house.data.files);
  const again = await loadImport(house, id, site);
  assert.equal(again.status, 'succeeded');
  for (const { counts } of again.results ?? []) assert.equal(counts.stored, 0);
  assert.deepEqual(
    [...filesIn(house.data.files)].map(([name, { inode }]) => [name, inode]),
    [...files].map(([name, { inode }]) => [name, inode]),
  );
  const forecast = await callApi<{ transfers: { fresh: number }[]; requests: number }>(
    house,
    'POST',
    `/imports/${id}/start`,
    { ...site, dryRun: true },
  );
  const open = forecast.body.transfers.map(({ fresh }) => fresh).slice(1);
  assert.ok(
    open.every((fresh) => fresh <= 2),
    'only what still runs is not there as it will end',
  );
  assert.equal((await callApi(house, 'DELETE', `/imports/${id}`)).status, 204);
  assert.equal((await get(`/imports/${id}`)).status, 404);
  assert.deepEqual(
    readdirSync(house.data.staging, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()),
    [],
  );
});

test('what was read from the appliance is never replaced; of two in one file the newer one counts', async () => {
  const { head, sessions } = sessionsIn(report);
  const ended = sessions.filter((xml) => /<end_time timestamp/.test(xml));
  const [stored = '', other = ''] = ended;
  assert.equal((await house.run()).status, 'succeeded');
  const lsidOf = (xml: string) => /lsid="(\w+)"/.exec(xml)?.[1] ?? '';
  const renamed = (xml: string, key: string) =>
    xml.replace(
      /<external_key>[^<]*<\/external_key>|<external_key\/>/,
      `<external_key>${key}</external_key>`,
    );
  const fresh = 'f00d'.repeat(8);
  const mine = (key: string, later: number) =>
    renamed(other, key)
      .replaceAll(lsidOf(other), fresh)
      .replace(/<end_time timestamp="(\d+)"/, (_, at) => `<end_time timestamp="${Number(at) + later}"`);
  const file = reportWith(head, [renamed(stored, 'FORGED'), mine('second', 5000), mine('first', 0)]);
  const id = await sendImport(house, file);
  const run = await loadImport(house, id, { ...site, dataTypes: ['session-data'] });
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const rows = readSqlContent(house.data.sessions).sessions('support.example.com');
  assert.notEqual(rows.get(lsidOf(stored))?.session.external_key, 'FORGED');
  assert.equal(rows.get(fresh)?.session.external_key, 'second');
  const documents = [...filesIn(house.data.files)].filter(([name]) => name.includes(fresh));
  assert.deepEqual(
    documents.map(([name]) => name),
    [`support.example.com-support-${fresh}.xml`],
  );
  assert.match(documents[0]?.[1].bytes.toString() ?? '', /second/);
  const again = await loadImport(house, id, { ...site, dataTypes: ['session-data'] });
  for (const { counts } of again.results ?? []) assert.equal(counts.stored, 0);
});

test('of a ZIP every XML file is loaded; what is broken is set aside with its place, and told', async () => {
  const { head, sessions } = sessionsIn(report);
  const [first = '', second = '', third = ''] = sessions.filter((xml) => /<end_time timestamp/.test(xml));
  const as = (xml: string, digit: string) => xml.replaceAll(/lsid="\w+"/g, `lsid="${digit.repeat(32)}"`);
  const zip = zipSync({
    'one.xml': reportWith(head, [as(first, 'a')]),
    'deep/two.xml': reportWith(head, [as(second, 'b').replace('</lseq>', '</lsq>'), as(third, 'c')]),
    'single.xml': Buffer.from(as(first, 'd')),
    'page.xml': Buffer.from('<!DOCTYPE html><html><body>Sign in</body></html>'),
    'video.flv': Buffer.from('FLV'),
  });
  const id = await sendImport(house, zip, { name: 'sessions.zip' });
  const run = await loadImport(house, id, {
    ...site,
    dataTypes: ['session-data'],
    destinations: ['database'],
  });
  assert.equal(run.status, 'partial');
  const { counts, alarms } = resultOf(run, 'session-data', 'database');
  assert.deepEqual([counts.found, counts.stored, counts.setAside], [5, 3, 2]);
  const rows = readSqlContent(house.data.sessions).sessions('support.example.com');
  for (const digit of 'acd') assert.ok(rows.has(digit.repeat(32)));
  assert.ok(!rows.has('b'.repeat(32)));
  assert.match(alarms.join('\n'), /1 file of the ZIP "sessions.zip" are no XML/);
  const faults = await faultsOf(id);
  assert.deepEqual(
    faults.map(({ file, lsid }) => [file, lsid]),
    [
      ['deep/two.xml', 'b'.repeat(32)],
      ['page.xml', undefined],
    ],
  );
  assert.match(faults[0]?.reason ?? '', /not well-formed/);
  assert.equal(faults[0]?.at, Buffer.byteLength(head));
  assert.equal(faults[1]?.reason, 'it is a web page');
});

test('a file of which nothing can be read fails with one line; one that is cut gives what is whole', async () => {
  const { head, sessions } = sessionsIn(report);
  const html = await sendImport(house, Buffer.from('<html><body>Sign in</body></html>'), { name: 'a.xml' });
  const failed = await loadImport(house, html, { ...site, dataTypes: ['session-data'] });
  assert.equal(failed.status, 'failed');
  assert.deepEqual(resultOf(failed, 'session-data', 'folder').failure, {
    kind: 'terminal',
    code: 'bad-import',
    message: 'Nothing of "a.xml" could be loaded: a.xml, byte 6: it is a web page',
  });
  const whole = reportWith(head, sessions.slice(0, 3));
  const cut = await sendImport(house, whole.subarray(0, whole.length - 200));
  const run = await loadImport(house, cut, {
    ...site,
    dataTypes: ['session-data'],
    destinations: ['database'],
  });
  assert.equal(run.status, 'partial');
  assert.equal(resultOf(run, 'session-data', 'database').counts.repeated, 2);
  assert.match(
    resultOf(run, 'session-data', 'database').alarms.join(),
    /ends early, at byte \d+, within the session \w{32}, after 2 whole sessions/,
  );
  const notZip = await sendImport(house, Buffer.from('no zip'), { name: 'b.zip', kind: 'zip' });
  const refused = await loadImport(house, notZip, { ...site, dataTypes: ['session-data'] });
  assert.equal(resultOf(refused, 'session-data', 'folder').failure?.code, 'not-a-zip');
});

test('a file without a session is not taken for one that was loaded', async () => {
  const zip = Buffer.from(zipSync({ 'video.flv': Buffer.from('FLV') }));
  for (const [name, bytes] of [
    ['empty.zip', zip],
    ['empty.xml', Buffer.from('<session_list/>')],
  ] as const) {
    const id = await sendImport(house, bytes, { name });
    const run = await loadImport(house, id, {
      ...site,
      dataTypes: ['session-data'],
      destinations: ['database'],
    });
    const { failure } = resultOf(run, 'session-data', 'database');
    assert.deepEqual([run.status, failure?.code], ['failed', 'bad-import']);
    assert.match(
      failure?.message ?? '',
      new RegExp(`^Nothing of "${name}" could be loaded: there is no session`),
    );
  }
});

test('a load that is cancelled in its midst ends within seconds, leaves nothing half-written, and can be repeated', async () => {
  const [files, each] = [8, 12];
  const id = await sendImport(house, zipOfReports(files, each), { name: 'many.zip' });
  const body = { host: 'many.example.com', destinations: ['folder'], dataTypes: ['session-data'] };
  const started = await callApi<Run>(house, 'POST', `/imports/${id}/start`, body);
  const going = await callApi(house, 'POST', `/imports/${id}/start`, body);
  assert.equal(going.body.code, 'import-going');
  assert.equal((await callApi(house, 'DELETE', `/imports/${id}`)).status, 409);
  for (let found = 0; found === 0; ) {
    await pause(5);
    const { body: run } = await callApi<Run>(house, 'GET', `/runs/${started.body.id}`);
    found = resultOf(run, 'session-data', 'folder').counts.found;
  }
  assert.equal((await callApi(house, 'POST', `/imports/${id}/cancel`)).status, 202);
  await house.stack.host.idle();
  const { body: shown } = await get(`/imports/${id}`);
  assert.deepEqual([shown.state, shown.run?.status], ['loaded', 'cancelled']);
  const stored = () => [...filesIn(house.data.files).keys()].filter((name) => name.startsWith('many.'));
  assert.ok(stored().length > 0 && stored().length < files * each, `${stored().length} were stored`);
  const incomplete = readdirSync(join(house.data.files, '.incomplete'));
  assert.deepEqual(
    incomplete.filter((name) => !name.startsWith('lock')),
    [],
  );
  const slices: string[] = [];
  for await (const { name } of house.services.staging.list(''))
    if (!name.startsWith('imports/')) slices.push(name);
  assert.deepEqual(slices, []);
  const run = await loadImport(house, id, body);
  assert.equal(run.status, 'succeeded');
  assert.equal(resultOf(run, 'session-data', 'folder').counts.found, files * each);
  assert.equal(new Set(stored()).size, files * each);
});

test('credentials given for one load fetch recordings, and are nowhere afterwards', async () => {
  const { address, caPem, log } = house.appliance();
  const host = {
    ...all,
    host: address,
    hostName: 'elsewhere.example.com',
    certificateAuthority: caPem,
    account: { kind: 'oauth', clientId: defaultOAuthAccount.id, clientSecret: defaultOAuthAccount.secret },
  };
  const id = await sendImport(house, report);
  const asked = log.length;
  const run = await loadImport(house, id, host);
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const recordings = [...filesIn(house.data.files).keys()].filter((name) => /^elsewhere.*flv$/.test(name));
  const wanted = [...house.appliance().truth.sessions()].filter(({ hasRecording }) => hasRecording);
  assert.equal(recordings.length, wanted.length);
  assert.ok(readSqlContent(house.data.sessions).sessions('elsewhere.example.com').size > 0);
  assert.ok(log.slice(asked).some(({ request }) => request === 'SupportSessionRecording'));
  await nothingLeft(run);

  const wrongSecret = 'canary-of-a-wrong-secret-0815';
  const wrong = await loadImport(house, id, {
    ...host,
    hostName: 'third.example.com',
    account: { ...host.account, clientSecret: wrongSecret },
  });
  assert.equal(resultOf(wrong, 'session-data', 'folder').status, 'succeeded', JSON.stringify(wrong.results));
  const recording = resultOf(wrong, 'session-recording', 'folder');
  assert.deepEqual([recording.status, recording.failure?.code], ['failed', 'wrong-secret']);
  assert.doesNotMatch(recording.failure?.message ?? '', /\n/);
  assert.equal((await faultsOf(id)).length, wanted.length, 'each recording that was not had is told');
  await nothingLeft(wrong);
  const away = await loadImport(house, id, { ...host, hostName: 'gone.example.com', host: 'localhost:1' });
  assert.equal(resultOf(away, 'session-data', 'folder').status, 'succeeded');
  assert.equal(resultOf(away, 'session-recording', 'folder').failure?.kind, 'transient');
  await nothingLeft(away);
  const plain = await loadImport(house, id, {
    host: 'old.example.com',
    destinations: ['database'],
    dataTypes: ['session-data'],
  });
  assert.equal(plain.status, 'succeeded');
  assert.ok(readSqlContent(house.data.sessions).sessions('old.example.com').size > 0);
  const refused = await callApi(house, 'POST', `/imports/${id}/start`, { ...all, host: 'old.example.com' });
  assert.match(refused.body.title ?? '', /give a site, or an account at the host/);
  // Databases are read as bytes: what was deleted or replaced counts as well.
  const places = new Map([['the log', Buffer.from(JSON.stringify(house.log.lines))]]);
  for (const name of readdirSync(house.data.folder, { recursive: true }) as string[]) {
    const path = join(house.data.folder, name);
    if (statSync(path).isFile() && path !== house.data.secrets) places.set(path, readFileSync(path));
  }
  for (const [place, bytes] of places)
    for (const secret of [wrongSecret, defaultOAuthAccount.secret])
      for (const form of [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64').slice(0, -4),
      ])
        assert.ok(!bytes.includes(form), `${place} holds ${form}`);
});

async function nothingLeft({ id, transfers }: Run): Promise<void> {
  const { state } = house.services;
  assert.deepEqual((await state.list('imports', 'credentials')).entries, []);
  const siteId = transfers[0]?.siteId;
  assert.match(siteId ?? '', /^host-[0-9a-f]{12}$/);
  assert.deepEqual((await state.list('ledger', `${siteId}|session-recording`)).entries, []);
  const settings = await state.get<{ sites: { account: unknown }[] }>('runs', 'settings', id);
  assert.deepEqual(
    settings?.value.sites.map(({ account }) => account),
    [{ kind: 'oauth', clientId: 'removed', secret: 'removed' }],
  );
}

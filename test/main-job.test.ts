import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listCatalogItems } from '../shared/destinations/file/catalog.ts';
import type { Run } from '../shared/runs/run.ts';
import type { Session } from '../shared/sessions/session.ts';
import type { SentRequest, SessionTruth } from './appliance/simulated-appliance.ts';
import {
  type FileOnDisk,
  filesIn,
  type Job,
  type JobSite,
  readDocument,
  sha256,
  startJob,
} from './support/job.ts';
import { readSqlContent, sessionInSql } from './support/sql-truth.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** The settings' default: a session without an end counts as abnormally closed after this. */
const OPEN_SESSION = 72 * HOUR;
const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;

let job: Job;
before(async () => {
  job = await startJob(now, {
    sessions: 230,
    events: 12,
    // Some 210 sessions lie behind and 20 ahead; a handful is running at any time.
    from: now - 6 * DAY,
    to: now + DAY / 2,
    recordingBytes: [500, 20_000],
    backupBytes: 30_000,
  });
});
after(() => job.close());

function truthNow({ appliance }: JobSite): SessionTruth[] {
  return [...appliance.truth.sessions()];
}

function isFinal({ session, state }: SessionTruth, at: number): boolean {
  if (state === 'closed') return true;
  // Appliances show a session that was cut off like one that runs: only its age tells.
  return at - (session.startTime ?? at) > OPEN_SESSION;
}

function counts(runs: readonly Run[], siteId: string, stream: string, destinationId: string) {
  const result = runs
    .flatMap((run) => run.results ?? [])
    .find((one) => one.siteId === siteId && one.stream === stream && one.destinationId === destinationId);
  assert.ok(result, `${siteId} ${stream} ${destinationId} has a result`);
  return result.counts;
}

/** Every file of a session that is to be there, and no other; resolves to the backups that are beside them. */
async function checkFiles(files: Map<string, FileOnDisk>): Promise<string[]> {
  const expected: string[] = [];
  for (const site of job.sites) {
    const at = site.appliance.clock.now();
    for (const truth of truthNow(site).filter((one) => isFinal(one, at))) {
      const { lsid } = truth.session;
      const document = `${site.host}-support-${lsid}.xml`;
      expected.push(document);
      const file = files.get(document);
      assert.ok(file, `${document} is missing`);
      await checkDocument(file, truth.session, site.appliance.log);
      if (!truth.hasRecording) continue;
      const recording = `${site.host}-support-${lsid}.flv`;
      expected.push(recording);
      assert.deepEqual(
        { size: files.get(recording)?.bytes.length, sha256: files.get(recording)?.sha256 },
        site.appliance.truth.recording(lsid),
        recording,
      );
    }
  }
  const others = [...files.keys()].filter((name) => !expected.includes(name));
  for (const name of others) assert.match(name, /^(support|access)\.example\.com-backup-\d{8}T\d{6}Z\.nsb$/);
  return others;
}

async function checkDocument(file: FileOnDisk, truth: Session, log: readonly SentRequest[]): Promise<void> {
  const { bytes } = file;
  const inside = bytes.subarray(bytes.indexOf('<session '), bytes.lastIndexOf('</session>') + 10);
  const sent = log.map(({ sessions }) => sessions?.get(truth.lsid));
  assert.ok(sent.includes(sha256(inside)), `${truth.lsid}: the file holds the bytes as sent`);
  assert.deepEqual(await readDocument(bytes), [truth]);
}

function checkSql(): void {
  for (const [path, systemInformation] of [
    [job.databases.full, true],
    [job.databases.lean, false],
  ] as const) {
    const content = readSqlContent(path);
    const rows = { sessions: 0, events: 0, data: 0, info: 0, people: [0, 0, 0, 0] };
    for (const site of job.sites) {
      const stored = content.sessions(site.host);
      const truths = truthNow(site);
      for (const { session } of truths) {
        const expected = sessionInSql(session, { host: site.host, systemInformation });
        assert.deepEqual(stored.get(session.lsid), expected, `${site.host} ${session.lsid}`);
        rows.sessions++;
        rows.events += expected.events.length;
        for (const { data, info } of expected.events) {
          rows.data += data.length;
          rows.info += info.length;
        }
        const { representatives, customers, teams, customAttributes } = expected;
        for (const [at, list] of [representatives, customers, teams, customAttributes].entries())
          rows.people[at] = (rows.people[at] ?? 0) + list.length;
      }
      assert.equal(stored.size, truths.length);
    }
    // Counted apart: a row that belongs to no session would show here and nowhere else.
    const tables = ['session', 'session_event', 'session_event_data', 'system_information'];
    tables.push('representative', 'customer', 'team', 'custom_attribute', 'user', 'endpoint');
    const { sessions, events, data, info, people } = rows;
    assert.deepEqual(
      tables.map((table) => content.count(table)),
      [sessions, events, data, info, ...people, people[0], people[1]],
    );
    assert.equal(info > 0, systemInformation);
    assert.ok(events > 1000 && data > 1000);
    const dump = content.dump().join('\n');
    assert.doesNotMatch(dump, /session_download|%3Bh%3D/, 'no link that opens a recording or a chat');
  }
}

let afterFirst: { readonly files: Map<string, FileOnDisk>; readonly rows: string[] };
let afterSecond: typeof afterFirst;
const look = () => ({
  files: filesIn(job.files),
  rows: Object.values(job.databases).flatMap((path) => readSqlContent(path).dump()),
});

test('the first run brings everything there is to the folder and the databases', async () => {
  const runs = await job.stack.runOnce();
  assert.deepEqual(
    runs.map(({ status, scheduleId }) => [scheduleId, status]).sort(),
    [
      ['access', 'succeeded'],
      ['support', 'succeeded'],
    ],
    JSON.stringify(runs),
  );
  afterFirst = look();
  const backups = await checkFiles(afterFirst.files);
  assert.equal(backups.length, 2);
  checkSql();
  for (const site of job.sites) {
    const backup = afterFirst.files.get(backups.find((name) => name.startsWith(site.host)) ?? '');
    const { lastBackup } = site.appliance.truth;
    assert.deepEqual({ size: backup?.bytes.length, sha256: backup?.sha256 }, lastBackup);
  }
});

test('the simulated appliances have every kind of session that matters', () => {
  for (const site of job.sites) {
    const truths = truthNow(site);
    const old = (one: SessionTruth) => isFinal(one, now);
    assert.ok(truths.filter(({ state }) => state === 'closed').length > 190);
    assert.ok(truths.some((one) => one.state === 'abnormal' && old(one) && one.hasRecording));
    assert.ok(truths.some((one) => one.state === 'abnormal' && !old(one)));
    const texts = JSON.stringify(truths.map(({ session }) => session));
    assert.match(texts, /session_download/, 'events carry links, which the databases must not');
  }
  assert.ok(job.sites.some((site) => truthNow(site).some(({ state }) => state === 'running')));
});

test('the catalog names every file with its hash, size and evidence', async () => {
  const listed = new Map<string, string>();
  for await (const item of listCatalogItems(job.stack.services.state, 'folder')) {
    assert.equal(item.state, 'stored', item.name);
    assert.equal(item.verified, item.stream === 'session-data' ? 'end-tag' : 'length');
    assert.equal(item.size, afterFirst.files.get(item.name)?.bytes.length);
    const site = job.sites.find(({ id }) => id === item.siteId);
    assert.equal(item.host, site?.host);
    assert.ok(!listed.has(item.name), `${item.name} is listed once`);
    listed.set(item.name, item.sha256 ?? '');
  }
  assert.deepEqual(
    [...listed].sort(),
    [...afterFirst.files].map(([name, file]) => [name, file.sha256]).sort(),
  );
});

test('the run says how much it stored', async () => {
  const runs = await allRuns();
  for (const site of job.sites) {
    const truths = truthNow(site);
    const final = truths.filter((one) => isFinal(one, now));
    const recorded = final.filter(({ hasRecording }) => hasRecording);
    const open = truths.length - final.length;
    const documents = counts(runs, site.id, 'session-data', 'folder');
    assert.deepEqual(
      { found: documents.found, stored: documents.stored, open: documents.open },
      { found: truths.length, stored: final.length, open },
    );
    const recordings = counts(runs, site.id, 'session-recording', 'folder');
    assert.deepEqual(
      { found: recordings.found, stored: recordings.stored, owed: recordings.owed },
      { found: recorded.length, stored: recorded.length, owed: recorded.length },
    );
    const records = counts(runs, site.id, 'session-data', 'full');
    assert.deepEqual(
      { found: records.found, stored: records.stored, open: records.open, repeated: records.repeated },
      { found: truths.length, stored: truths.length, open, repeated: 0 },
    );
    const backups = counts(runs, site.id, 'backup', 'folder');
    assert.deepEqual([backups.found, backups.stored, backups.bytes], [1, 1, 30_000]);
  }
});

async function allRuns(): Promise<Run[]> {
  const page = await job.stack.services.state.list<Run>('runs', 'run');
  return page.entries.map(({ value }) => value);
}

test('a second run stores one new backup a site, and touches nothing else', async () => {
  const asked = job.sites.map(({ appliance }) => appliance.log.length);
  const runs = await job.stack.runOnce();
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['succeeded', 'succeeded'],
  );
  afterSecond = look();
  const fresh = [...afterSecond.files.keys()].filter((name) => !afterFirst.files.has(name));
  assert.deepEqual(
    fresh.map((name) => name.replace(/-\d{8}T\d{6}Z/, '')),
    ['access.example.com-backup.nsb', 'support.example.com-backup.nsb'],
  );
  for (const [name, { sha256: hash, inode, modifiedMs }] of afterFirst.files) {
    const { sha256: hashNow, inode: inodeNow, modifiedMs: modifiedNow } = afterSecond.files.get(name) ?? {};
    assert.deepEqual([hashNow, inodeNow, modifiedNow], [hash, inode, modifiedMs], `${name} was left alone`);
  }
  assert.deepEqual(afterSecond.rows, afterFirst.rows);
  for (const [index, { appliance, host }] of job.sites.entries()) {
    const requests = appliance.log.slice(asked[index]).map(({ request }) => request);
    assert.ok(requests.length <= 8, `${host} was asked ${requests.join(', ')}`);
    assert.ok(!requests.some((request) => request.endsWith('Recording')));
  }
});

test('a later run completes what was open and brings what is new', async () => {
  const before = readSqlContent(job.databases.full);
  const idOf = (rows: readonly string[]) =>
    new Map(
      rows
        .filter((row) => row.startsWith('session {'))
        .map((row) => JSON.parse(row.slice(8)) as { id: number; lsid: string })
        .map(({ id, lsid }) => [lsid, id]),
    );
  const ids = idOf(before.dump());
  const closing = () =>
    job.sites.map(({ appliance }) =>
      running.filter((lsid) => appliance.truth.session(lsid)?.state === 'closed'),
    );
  const running = job.sites.flatMap((site) =>
    truthNow(site)
      .filter(({ state }) => state === 'running')
      .map(({ session }) => session.lsid),
  );
  job.passTime(5 * HOUR);
  const runs = await job.stack.runOnce();
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['succeeded', 'succeeded'],
  );
  assert.deepEqual(
    runs.flatMap((run) => run.results?.flatMap(({ alarms }) => alarms) ?? []),
    [],
  );
  assert.equal((await checkFiles(filesIn(job.files))).length, 6);
  checkSql();
  const later = idOf(readSqlContent(job.databases.full).dump());
  assert.ok(later.size > ids.size);
  for (const [lsid, id] of ids) assert.equal(later.get(lsid), id, 'a session keeps its id');
  assert.ok(closing().flat().length > 0);
});

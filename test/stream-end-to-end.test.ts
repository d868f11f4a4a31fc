import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import { type Bucket, bucketStart, bucketsOf, type ReportPeriod } from '../shared/streams/bucket.ts';
import { streamOf } from '../shared/streams/index.ts';
import type { StreamId } from '../shared/streams/stream.ts';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import {
  bucketFiles,
  bucketStreams,
  differences,
  type Expected,
  isSnapshot,
  presentationFiles,
  sessionFiles,
  snapshots,
  typesOf,
} from './support/all-types.ts';
import {
  apiHeaders,
  databaseSetting,
  folderSetting,
  type Installation,
  resultOf,
  startInstallation,
} from './support/installation.ts';
import { type FileOnDisk, filesIn } from './support/job.ts';
import { none } from './support/stored.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const sites = { support: 'RS', access: 'PRA' } as const;
const DAYS_BACK = 4;
const begin = { kind: 'days-back', days: DAYS_BACK };
const rowStreams = ['team-activity', 'vault-account-activity', 'exit-survey'] as const;

let installation: Installation;
let pulled: string;
/** What the first run of all was planned with: buckets begin there. */
let first: number;

before(async () => {
  const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  const population = {
    from: now - 3 * DAY,
    to: now + DAY,
    sessions: 40,
    events: 3,
    recordingBytes: [500, 3_000],
  } as const;
  installation = await startInstallation({
    sites: {
      support: { product: 'RS', ...population },
      access: { product: 'PRA', ...population },
    },
    destinations: (data) => {
      pulled = join(data.files, '..', 'pulled');
      return [folderSetting(data.files), databaseSetting(data.sessions), folderSetting(pulled, 'pulled')];
    },
    transfers: Object.entries(sites).flatMap(([site, product]) => [
      { site, destination: 'folder', dataTypes: typesOf(product), commandShellFormat: 'both', begin },
      {
        site,
        destination: 'database',
        dataTypes: ['session-data', ...rowStreams].filter((id) => typesOf(product).includes(id as StreamId)),
        begin,
      },
    ]),
  });
  first = appliance('support').clock.now();
});
after(() => installation.close());

function appliance(site: string): SimulatedAppliance {
  return installation.appliance(site);
}

/** The buckets that should have been read by now. */
function bucketsNow(site: string, stream: StreamId, from: number, period: ReportPeriod = 'day'): Bucket[] {
  const described = streamOf(stream);
  assert.ok(described.from === 'bucket');
  return [...bucketsOf(from, appliance(site).clock.now() - described.lag, period)];
}

/** All files of all data types that should be there by now, snapshots apart. */
function everything(): Expected {
  const expected: Expected = new Map();
  const add = (more: Expected) => {
    for (const [name, check] of more) expected.set(name, check);
  };
  for (const [site, product] of Object.entries(sites)) {
    const host = `${site}.example.com`;
    const at = appliance(site);
    // Cut-off sessions count as such after three days: there are none that old.
    for (const { session, state } of at.truth.sessions())
      if (state === 'closed') add(sessionFiles(at, host, session));
    for (const presentation of product === 'RS' ? at.truth.presentations() : [])
      if (presentation.endTime !== null) add(presentationFiles(at, host, presentation));
    const start = bucketStart(first - DAYS_BACK * DAY, 'day');
    for (const stream of bucketStreams.filter((id) => typesOf(product).includes(id)))
      for (const bucket of bucketsNow(site, stream, start)) add(bucketFiles(at, host, stream, bucket));
  }
  return expected;
}

const kinds: readonly RegExp[] = [
  /-support-\w+\.flv$/,
  /-support-\w+\.0\.flv$/,
  /-support-\w+\.1\.txt$/,
  /-support-\w+\.show-my-screen\.1\.flv$/,
  /^access.*\.user\.flv$/,
  /-presentation-\w+\.xml$/,
  /-presentation-\w+\.flv$/,
  /^support.*-team-activity-/,
  /^access.*-team-activity-/,
  /^support.*-vault-account-activity-/,
  /^access.*-vault-account-activity-/,
  /-exit-survey-customer-/,
  /-exit-survey-representative-/,
  /-license-usage-/,
];

function files(): Map<string, FileOnDisk> {
  return filesIn(installation.data.files);
}

function assertSnapshots(run: Run, stored: ReadonlyMap<string, FileOnDisk>): void {
  const instant = `${run.dueAt.slice(0, 19).replace(/[-:]/g, '')}Z`;
  for (const site of Object.keys(sites)) {
    const { truth } = appliance(site);
    const truths = {
      backup: truth.lastBackup,
      syslog: truth.lastSyslog,
      'endpoint-license-usage': truth.lastEndpointLicenseUsage,
    };
    for (const id of snapshots) {
      const name = `${site}.example.com-${id}-${instant}.${id === 'backup' ? 'nsb' : 'zip'}`;
      const file = stored.get(name);
      assert.deepEqual({ size: file?.bytes.length, sha256: file?.sha256 }, truths[id], name);
    }
  }
}

function assertRows(): void {
  using database = new DatabaseSync(installation.data.sessions, { readOnly: true });
  for (const stream of rowStreams) {
    const [row] = database.prepare('select count(*) as n from ic_report where stream = ?').all(stream);
    const expected = Object.entries(sites).flatMap(([site, product]) =>
      typesOf(product).includes(stream)
        ? bucketsNow(site, stream, bucketStart(first - DAYS_BACK * DAY, 'day')).flatMap((bucket) => [
            ...bucketFiles(appliance(site), site, stream, bucket).keys(),
          ])
        : [],
    );
    assert.ok(expected.length > 0);
    assert.equal(row?.n, expected.length, stream);
  }
}

test('the first run brings every data type of both products, equal to what the appliances have', async () => {
  const run = await installation.run();
  assert.equal(
    run.status,
    'succeeded',
    JSON.stringify(run.results?.filter((one) => one.status !== 'succeeded')),
  );
  const expected = everything();
  for (const kind of kinds)
    assert.ok(
      [...expected.keys()].some((name) => kind.test(name)),
      String(kind),
    );
  assert.deepEqual(await differences(files(), expected), none);
  assertSnapshots(run, files());
  assert.equal([...files().keys()].filter(isSnapshot).length, 6);
  assertRows();
});

test('a second run stores snapshots and nothing else', async () => {
  const before = files();
  installation.passTime(60);
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const added = [...files().keys()].filter((name) => !before.has(name));
  // A session may have ended in this minute.
  assert.deepEqual(await differences(files(), everything()), none);
  assert.equal(added.filter(isSnapshot).length, 6);
  for (const stream of bucketStreams) {
    const { counts } = resultOf(run, stream, 'folder', 'support');
    assert.deepEqual([counts.owed, counts.found, counts.stored], [0, 0, 0], stream);
  }
});

test('days that go by come with the runs that follow', async () => {
  const before = files().size;
  const start = bucketStart(first - DAYS_BACK * DAY, 'day');
  const days = () => bucketsNow('access', 'team-activity', start).length;
  const daysBefore = days();
  installation.passTime(DAY + 2 * HOUR);
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  assert.deepEqual(await differences(files(), everything()), none);
  assert.ok(files().size > before + 8);
  // One, or two in the hours before midnight.
  assert.equal(resultOf(run, 'team-activity', 'folder', 'access').counts.stored, days() - daysBefore);
  assert.ok(days() > daysBefore);
  assertRows();
});

async function pull(body: object): Promise<{ status: number; run: Run & { title?: string } }> {
  const { url } = installation.stack.host;
  const headers = { ...apiHeaders, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/pulls`, { method: 'POST', headers, body: JSON.stringify(body) });
  const made = (await answer.json()) as Run;
  if (answer.status !== 202) return { status: answer.status, run: made };
  await installation.stack.host.idle();
  return {
    status: 202,
    run: (await (await fetch(`${url}/api/pulls/${made.id}`, { headers })).json()) as Run,
  };
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

test('a pull brings every data type of a stretch of time, and moves no watermark', async () => {
  const from = bucketStart(first - DAY, 'hour') + 600;
  const to = from + 5 * HOUR;
  const marks = async () => {
    const all = [];
    for (const site of Object.keys(sites))
      all.push(...(await installation.services.state.list('watermarks', site)).entries);
    return all;
  };
  const before = await marks();
  const { run } = await pull({
    sites: Object.keys(sites),
    destinations: ['pulled'],
    dataTypes: [...new Set(Object.values(sites).flatMap(typesOf))],
    from: iso(from),
    to: iso(to),
    commandShellFormat: 'both',
    reportPeriod: 'hour',
  });
  // Where sites did not say which product they are, what one does not have is told when it is asked.
  const refused = run.results?.filter(({ failure }) => failure?.code === 'not-of-this-product') ?? [];
  assert.deepEqual(refused.map(({ siteId, stream }) => `${siteId} ${stream}`).sort(), [
    'access exit-survey',
    'access license-usage',
    'access presentation-data',
    'access presentation-recording',
    'access show-my-screen-recording',
    'support user-recording',
  ]);
  const others = run.results?.filter((result) => !refused.includes(result)) ?? [];
  assert.deepEqual([...new Set(others.map(({ status }) => status))], ['succeeded'], JSON.stringify(others));
  const expected: Expected = new Map();
  const add = (more: Expected) => {
    for (const [name, check] of more) expected.set(name, check);
  };
  for (const [site, product] of Object.entries(sites)) {
    const host = `${site}.example.com`;
    const at = appliance(site);
    const began = ({ startTime }: { readonly startTime: number | null }) =>
      startTime !== null && startTime >= from && startTime < to;
    for (const { session, state } of at.truth.sessions())
      if (state === 'closed' && began(session)) add(sessionFiles(at, host, session));
    for (const presentation of product === 'RS' ? at.truth.presentations() : [])
      if (presentation.endTime !== null && began(presentation))
        add(presentationFiles(at, host, presentation));
    for (const stream of bucketStreams.filter((id) => typesOf(product).includes(id)))
      for (const bucket of bucketsOf(bucketStart(from, 'hour'), bucketStart(to, 'hour') + HOUR, 'hour'))
        add(bucketFiles(at, host, stream, bucket));
  }
  const stored = filesIn(pulled);
  assert.deepEqual(await differences(stored, expected), none);
  assertSnapshots(run, stored);
  assert.deepEqual(await marks(), before);
});

test('named presentations are pulled with their recordings', async () => {
  const { truth } = appliance('support');
  const chosen = [...truth.presentations()].filter(({ recordings }) => recordings.session).slice(-2);
  assert.equal(chosen.length, 2);
  const before = filesIn(pulled);
  const { run } = await pull({
    sites: ['support'],
    destinations: ['pulled'],
    dataTypes: ['presentation-data', 'presentation-recording'],
    sessions: chosen.map(({ lsid }) => lsid),
  });
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const added = new Map([...filesIn(pulled)].filter(([name]) => !before.has(name)));
  const expected = chosen.flatMap((one) => [
    ...presentationFiles(appliance('support'), 'support.example.com', one),
  ]);
  assert.deepEqual(await differences(added, new Map(expected)), none);
});

test('a pull that cannot be is refused in one line', async () => {
  const base = { sites: ['support'], destinations: ['pulled'] };
  const lsid = '0'.repeat(32);
  for (const [body, words] of [
    [
      { ...base, dataTypes: ['team-activity'], sessions: [lsid] },
      /Team Activity has no sessions; pull it by from and to/,
    ],
    [{ ...base, dataTypes: ['team-activity'] }, /give from/],
    [{ ...base, destinations: ['database'], dataTypes: ['syslog'] }, /none of the destinations takes Syslog/],
    [{ ...base, dataTypes: ['session-data'], from: iso(first), reportPeriod: 'week' }, /reportPeriod/],
  ] as const) {
    const { status, run } = await pull(body);
    assert.equal(status, 400, JSON.stringify(run));
    assert.match(run.title ?? '', words);
  }
  await installation.changeSettings(({ sites: [site] }) => {
    if (site) site.product = 'RS';
  });
  const none = await pull({ ...base, dataTypes: ['user-recording'], from: iso(first) });
  assert.equal(none.status, 400);
  assert.match(none.run.title ?? '', /none of the sites has User Recordings/);
  // Shells and shared screens of one session would be one name.
  await installation.changeSettings(({ destinations }) => {
    const at = destinations.find(({ id }) => id === 'pulled');
    Object.assign(at?.settings as object, { fileNameFormat: '%LSID%.%INSTANCE%.%EXTENSION%' });
  });
  const dataTypes = ['command-shell-recording', 'show-my-screen-recording'];
  const alike = await pull({ ...base, dataTypes, from: iso(first) });
  assert.equal(alike.status, 400);
  assert.match(alike.run.title ?? '', /File Name Format of "Destination pulled" gives .* the same name/);
});

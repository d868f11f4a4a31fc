import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Run } from '../shared/runs/run.ts';
import { isFinished } from '../shared/runs/run.ts';
import type { Entry } from '../shared/state/state-store.ts';
import { apiHeaders, type Installation, resultOf, startInstallation } from './support/installation.ts';
import { filesIn, readDocument } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

const HOUR = 3600;
let installation: Installation;
before(async () => {
  installation = await startInstallation();
});
after(() => installation.close());

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Run & { readonly title?: string; readonly code?: string };
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${installation.stack.host.url}/api${path}`, {
    method,
    headers: { ...apiHeaders, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    body: (await answer.json()) as Answer['body'],
  };
}

async function pull(body: object): Promise<Run> {
  const { status, body: run, location } = await call('POST', '/pulls', body);
  assert.equal(status, 202, JSON.stringify(run));
  assert.equal(location, `/api/pulls/${run.id}`);
  await installation.stack.host.idle();
  return (await call('GET', `/pulls/${run.id}`)).body;
}

async function state(): Promise<unknown> {
  const { services } = installation;
  const all: Entry<unknown>[] = [];
  for (const [collection, partition] of [
    ['watermarks', 'support'],
    ['open', 'support|session-data|folder'],
    ['open', 'support|session-data|database'],
    ['claims', 'schedule'],
  ] as const)
    all.push(...(await services.state.list(collection, partition)).entries);
  return all;
}

const everything = {
  sites: ['support'],
  destinations: ['folder', 'database'],
  dataTypes: ['session-data', 'session-recording'],
};

test('a dry run says what would be pulled, what is there already and what cannot be told, and starts nothing', async () => {
  interface Forecast {
    readonly dryRun: true;
    readonly requests: number;
    readonly transfers: readonly {
      readonly stream: string;
      readonly destinationId: string;
      readonly found?: number;
      readonly there?: number;
      readonly fresh?: number;
      readonly note?: string;
      readonly failure?: { readonly code: string };
    }[];
  }
  const { clock, truth, faults, log } = installation.appliance();
  const from = clock.now() - 3 * HOUR;
  const range = {
    from: new Date(from * 1000).toISOString(),
    to: new Date(clock.now() * 1000).toISOString(),
  };
  const ask = async (body: object) =>
    (await call('POST', '/pulls', { ...everything, ...body, dryRun: true })).body as unknown as Forecast;
  const began = [...truth.sessions()].filter(({ session }) => (session.startTime ?? 0) >= from);
  const recorded = began.filter(({ hasRecording }) => hasRecording).length;
  const asked = log.length;
  const forecast = await ask({ ...range, dataTypes: ['session-data', 'session-recording', 'backup'] });
  const shown = forecast.transfers.map(({ stream, destinationId, found, there, fresh }) => [
    `${stream} ${destinationId}`,
    found,
    there,
    fresh,
  ]);
  const all = began.length;
  assert.deepEqual(shown, [
    ['session-data folder', all, 0, all],
    ['session-data database', all, 0, all],
    ['session-recording folder', recorded, 0, recorded],
    ['backup folder', 1, 0, 1],
  ]);
  // What it is, the report of one day, each recording once, the backup.
  assert.equal(forecast.requests, 1 + 1 + recorded + 1);
  const sent = log.slice(asked).map(({ request }) => request);
  assert.ok(!sent.includes('SupportSession') && !sent.includes('SupportSessionRecording'), sent.join());
  const named = await ask({ sessions: ['a'.repeat(32)], dataTypes: ['session-data', 'session-recording'] });
  assert.deepEqual(
    named.transfers.map(({ found, note }) => [found, note !== undefined]),
    [
      [1, false],
      [1, false],
      [undefined, true],
    ],
  );
  faults.add({ kind: 'unauthorized' }, { times: 1000 });
  const refused = await ask(range);
  faults.clear();
  assert.ok(refused.transfers.every(({ failure, found }) => failure !== undefined && found === undefined));
  for (const partition of ['run', 'live', 'settings'])
    assert.deepEqual((await installation.services.state.list('runs', partition)).entries, []);
  assert.equal(filesIn(installation.data.files).size, 0);
  assert.deepEqual(await state(), []);
});

test('named sessions are pulled with their recordings, and nothing else; no watermark is made', async () => {
  const chosen = [...installation.appliance().truth.sessions()]
    .filter(({ hasRecording }) => hasRecording)
    .slice(0, 3);
  const sessions = chosen.map(({ session }) => session.lsid);
  const run = await pull({ ...everything, sessions: sessions.map((lsid) => lsid.toUpperCase()) });
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const files = filesIn(installation.data.files);
  assert.deepEqual(
    [...files.keys()].sort(),
    sessions
      .flatMap((lsid) => ['flv', 'xml'].map((end) => `support.example.com-support-${lsid}.${end}`))
      .sort(),
  );
  for (const { session } of chosen)
    assert.deepEqual(
      await readDocument(
        files.get(`support.example.com-support-${session.lsid}.xml`)?.bytes ?? assert.fail(),
      ),
      [session],
    );
  assert.deepEqual(
    [...readSqlContent(installation.data.sessions).sessions('support.example.com').keys()].sort(),
    sessions.sort(),
  );
  assert.deepEqual(await state(), []);
});

test('a session that the appliance does not know is said, and the others are pulled', async () => {
  const known = [...installation.appliance().truth.sessions()].at(4)?.session.lsid ?? assert.fail();
  const unknown = 'f'.repeat(32);
  const both = await pull({ ...everything, sessions: [known, unknown] });
  assert.equal(resultOf(both, 'session-data', 'folder').counts.stored, 1);
  for (const destination of ['folder', 'database'])
    assert.match(
      resultOf(both, 'session-data', destination).alarms.join(),
      new RegExp(`does not know .*${unknown}`),
    );
  const alone = await pull({ ...everything, sessions: [unknown] });
  assert.match(
    resultOf(alone, 'session-data', 'folder').alarms.join(),
    new RegExp(`does not know .*${unknown}`),
  );
});

test('a stretch of time is pulled, twice without harm; the schedule then begins where it would have', async () => {
  const { clock, truth } = installation.appliance();
  const from = clock.now() - 3 * HOUR;
  const body = {
    ...everything,
    from: new Date(from * 1000).toISOString(),
    to: new Date((from + HOUR) * 1000).toISOString(),
  };
  const run = await pull(body);
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const wanted = [...truth.sessions()].filter(
    ({ session }) => (session.startTime ?? 0) >= from && (session.startTime ?? 0) < from + HOUR,
  );
  assert.ok(wanted.length > 1);
  const stored = readSqlContent(installation.data.sessions).sessions('support.example.com');
  for (const { session, state: now } of wanted) {
    assert.ok(stored.has(session.lsid));
    assert.equal(
      filesIn(installation.data.files).has(`support.example.com-support-${session.lsid}.xml`),
      now === 'closed',
    );
  }
  const files = filesIn(installation.data.files);
  const again = await pull(body);
  assert.equal(resultOf(again, 'session-data', 'folder').counts.stored, 0);
  assert.equal(resultOf(again, 'session-recording', 'folder').counts.stored, 0);
  for (const [name, { inode }] of filesIn(installation.data.files))
    assert.equal(files.get(name)?.inode, inode);
  assert.deepEqual(await state(), [], 'no watermark, no open session, no schedule was touched');
  const scheduled = await installation.run();
  assert.equal(scheduled.status, 'succeeded');
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
});

test('a pull moves no watermark that is there, ahead of it or behind', async () => {
  installation.passTime(2 * HOUR);
  const before = await state();
  const from = new Date((installation.appliance().clock.now() - 4 * HOUR) * 1000).toISOString();
  assert.equal((await pull({ ...everything, from })).status, 'succeeded');
  assert.deepEqual(await state(), before);
  assert.equal((await installation.run()).status, 'succeeded');
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
});

test('a pull brings back what was set aside, asked for by name', async () => {
  installation.passTime(2 * HOUR);
  const { faults } = installation.appliance();
  faults.add({ kind: 'recording-expired' }, { request: 'SupportSessionRecording' });
  assert.equal((await installation.run()).status, 'partial');
  const [missing] = (await folderDifferences(installation)).missing;
  const lsid = /support-(\w{32})\.flv$/.exec(missing ?? '')?.[1] ?? assert.fail();
  const run = await pull({
    ...everything,
    destinations: ['folder'],
    dataTypes: ['session-recording'],
    sessions: [lsid],
  });
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  assert.deepEqual(await folderDifferences(installation), none);
});

test('a pull of a backup needs no sessions', async () => {
  // A backup is named by its second: one in the second of the run before would be that run's.
  installation.passTime(1);
  const run = await pull({ sites: ['support'], destinations: ['folder'], dataTypes: ['backup'] });
  assert.equal(run.status, 'succeeded');
  assert.equal(resultOf(run, 'backup', 'folder').counts.stored, 1);
});

for (const [what, request] of [
  ['a recording', 'SupportSessionRecording'],
  ['a report', 'SupportSession'],
] as const)
  test(`a pull that is cancelled while ${what} comes stops within seconds and leaves nothing half-written`, async () => {
    installation.passTime(2 * HOUR);
    const { faults, clock, log } = installation.appliance();
    faults.add({ kind: 'slow-drip', bytesPerSecond: 400 }, { request, times: 1000 });
    const asked = log.length;
    const from = new Date((clock.now() - 2 * HOUR) * 1000).toISOString();
    const { body: started } = await call('POST', '/pulls', { ...everything, from });
    while (!log.slice(asked).some((sent) => sent.request === request)) await pause(20);
    await pause(300);
    const { body: running } = await call('GET', `/pulls/${started.id}`);
    assert.equal(running.status, 'running');
    assert.equal(running.results?.length, 3);
    if (request === 'SupportSessionRecording')
      assert.ok(resultOf(running, 'session-data', 'folder').counts.stored > 0, 'progress shows');
    const cancelled = performance.now();
    assert.equal((await call('POST', `/pulls/${started.id}/cancel`)).status, 202);
    let run = running;
    while (!isFinished(run)) {
      await pause(50);
      ({ body: run } = await call('GET', `/pulls/${started.id}`));
    }
    const seconds = (performance.now() - cancelled) / 1000;
    assert.ok(seconds < 8, `it took ${seconds} s`);
    assert.equal(run.status, 'cancelled');
    faults.clear();
    await installation.stack.host.idle();
    const { wrong, strange } = await folderDifferences(installation);
    assert.deepEqual([wrong, strange], [[], []]);
    const incomplete = join(installation.data.files, '.incomplete');
    assert.deepEqual(
      readdirSync(incomplete).filter((name) => !name.startsWith('lock')),
      [],
    );
    const staging = readdirSync(installation.data.staging, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      staging.filter((entry) => entry.isFile()).map(({ name }) => name),
      [],
    );
    assert.ok(existsSync(installation.data.staging));
    const again = await call('POST', `/pulls/${started.id}/cancel`);
    assert.deepEqual([again.status, again.body.status], [202, 'cancelled']);
    // What the schedule brings is not hindered by what the pull left.
    const next = await installation.run();
    assert.equal(next.status, 'succeeded', JSON.stringify(next.results));
    assert.deepEqual(await folderDifferences(installation), none);
    assert.deepEqual(databaseDifferences(installation), none);
  });

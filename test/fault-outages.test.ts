import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { enterLive } from '../shared/runs/live-runs.ts';
import { createRun, getRun, type Run, runId } from '../shared/runs/run.ts';
import type { ScheduleState } from '../shared/schedules/schedule-state.ts';
import { LAG_SECONDS } from '../shared/transfer/window.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { filesIn, readDocument } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

const HOUR = 3600;

let installation: Installation;
before(async () => {
  installation = await startInstallation();
});
after(() => installation.close());

async function everythingIsThere(): Promise<void> {
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
}

async function lastRun(): Promise<string | undefined> {
  return (await installation.services.state.get<ScheduleState>('claims', 'schedule', 'all'))?.value.lastRun;
}

function mark(destinationId: string, stream = 'session-data') {
  return installation.watermark('support', stream, destinationId);
}

/** The windows of session reports that were asked for, ended ones and begun ones. */
function windows(from: number): { by: string; from: number; to: number }[] {
  return installation
    .sent()
    .slice(from)
    .filter(({ request }) => request === 'SupportSession')
    .flatMap(({ parameters }) =>
      ['end_time', 'start_time'].flatMap((by) => {
        const start = Number(parameters[by]);
        return parameters[by] === undefined
          ? []
          : [{ by, from: start, to: start + Number(parameters.duration) }];
      }),
    );
}

function failures({ results = [] }: Run): string {
  return JSON.stringify(
    results.map(({ stream, destinationId, failure, alarms }) => [stream, destinationId, failure, alarms]),
  );
}

test('an appliance that is down: Last Run moves, no watermark does, the next run has everything', async () => {
  assert.equal((await installation.run()).status, 'succeeded');
  const before = await lastRun();
  const marks = [await mark('folder'), await mark('database'), await mark('folder', 'session-recording')];
  installation.passTime(2 * HOUR);
  installation.appliance().faults.add({ kind: 'refuse' }, { times: 10_000 });
  const run = await installation.run();
  assert.equal(run.status, 'failed');
  for (const { failure, stream } of run.results ?? []) {
    assert.ok(failure, stream);
    assert.match(failure.message, /^Site support \(localhost:\d+\) (cannot be reached|lost the connection)/);
    assert.ok(!failure.message.includes('\n'));
  }
  assert.ok(((await lastRun()) ?? '') > (before ?? ''), 'Last Run moved');
  assert.deepEqual(
    [await mark('folder'), await mark('database'), await mark('folder', 'session-recording')],
    marks,
  );
  installation.appliance().faults.clear();
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', failures(next));
  await everythingIsThere();
});

test('a destination that is down holds back itself alone and catches up alone', async () => {
  const away = `${installation.data.files}-away`;
  renameSync(installation.data.files, away);
  writeFileSync(installation.data.files, 'something else stands here');
  const fallenBehind = await mark('folder');
  for (let turn = 0; turn < 2; turn++) {
    installation.passTime(2 * HOUR);
    const run = await installation.run();
    assert.equal(run.status, 'partial');
    const { failure } = resultOf(run, 'session-data', 'folder');
    assert.equal(failure?.code, 'not-a-folder');
    assert.match(failure?.message ?? '', /^Destination "Destination folder": /);
    assert.ok(failure?.message.includes(installation.data.files), failure?.message);
    assert.equal(resultOf(run, 'session-data', 'database').status, 'succeeded');
    assert.deepEqual(databaseDifferences(installation), none, 'the database goes on');
    assert.deepEqual(await mark('folder'), fallenBehind);
  }
  rmSync(installation.data.files);
  renameSync(away, installation.data.files);
  const healthy = await mark('database');
  const rows = readSqlContent(installation.data.sessions).dump();
  const from = installation.sent().length;
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', failures(next));
  await everythingIsThere();
  assert.deepEqual(readSqlContent(installation.data.sessions).dump(), rows);
  // One stretch for the folder alone, then the one that both of them read: every instant is asked for once.
  const ended = windows(from)
    .filter(({ by }) => by === 'end_time')
    .sort((a, b) => a.from - b.from);
  const first = (fallenBehind?.to ?? 0) - LAG_SECONDS;
  const shared = (healthy?.to ?? 0) - LAG_SECONDS;
  const now = installation.appliance().clock.now();
  assert.deepEqual(
    ended.map((window) => [window.from, window.to]),
    [
      [first, shared],
      [shared, now],
    ],
  );
  const database = resultOf(next, 'session-data', 'database').counts;
  const overlap = [...installation.appliance().truth.sessions()].filter(
    ({ session }) =>
      (session.endTime ?? 0) >= shared || (session.endTime === null && (session.startTime ?? 0) >= shared),
  ).length;
  assert.ok(database.found <= overlap + 3, `${database.found} read again for the healthy one`);
});

test('a database that cannot be opened holds back itself alone', async () => {
  const { sessions } = installation.data;
  const away = `${sessions}-away`;
  for (const end of ['', '-wal', '-shm']) renameSafely(`${sessions}${end}`, `${away}${end}`);
  mkdirSync(sessions);
  installation.passTime(2 * HOUR);
  const run = await installation.run();
  assert.equal(run.status, 'partial');
  const { failure } = resultOf(run, 'session-data', 'database');
  assert.equal(failure?.code, 'database-not-writable');
  assert.ok(
    failure?.message.includes('Destination database') && failure.message.includes(sessions),
    failure?.message,
  );
  assert.deepEqual(await folderDifferences(installation), none);
  rmSync(sessions, { recursive: true });
  for (const end of ['', '-wal', '-shm']) renameSafely(`${away}${end}`, `${sessions}${end}`);
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', failures(next));
  await everythingIsThere();
});

function renameSafely(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

test('a database that another program holds for a moment is waited for', async () => {
  installation.passTime(HOUR);
  const other = new DatabaseSync(installation.data.sessions);
  other.exec('BEGIN IMMEDIATE');
  const running = installation.run();
  try {
    await pause(1500);
    other.exec('ROLLBACK');
  } finally {
    other.close();
  }
  const run = await running;
  assert.equal(run.status, 'succeeded', failures(run));
  await everythingIsThere();
});

test('a destination and a schedule that come later read for themselves what the others have', async () => {
  const later = `${installation.data.folder}/later`;
  const asked = installation.sent().length;
  await installation.changeSettings((draft) => {
    const [schedule] = draft.schedules;
    assert.ok(schedule);
    draft.destinations.push({
      id: 'later',
      name: 'Later',
      plugin: 'file',
      settings: { kind: 'folder', directory: later },
    });
    draft.schedules.push({
      ...schedule,
      id: 'second',
      name: 'Second',
      transfers: [
        {
          site: 'support',
          destination: 'later',
          dataTypes: ['session-data', 'session-recording'],
          begin: { kind: 'everything' },
        },
      ],
    });
  });
  const before = filesIn(installation.data.files);
  const runs = await installation.runs();
  assert.deepEqual(runs.map(({ status, scheduleId }) => [scheduleId, status]).sort(), [
    ['all', 'succeeded'],
    ['second', 'succeeded'],
  ]);
  await everythingIsThere();
  assert.deepEqual(await folderDifferences(installation, later), none);
  const now = filesIn(installation.data.files);
  for (const [name, { inode }] of before) assert.equal(now.get(name)?.inode, inode, name);
  assert.ok(
    windows(asked).some(({ from }) => from === 0),
    'everything was asked for',
  );
  await installation.changeSettings((draft) => {
    draft.schedules.pop();
  });
});

test('a session that was open is completed later: a file when it closed, the same row of the database', async () => {
  const { truth } = installation.appliance();
  const open = () => [...truth.sessions()].filter(({ state }) => state === 'running');
  while (open().length === 0) installation.passTime(300);
  assert.equal((await installation.run()).status, 'succeeded');
  await everythingIsThere();
  const [running] = open();
  assert.ok(running?.closesAt);
  const { lsid } = running.session;
  const row = () =>
    readSqlContent(installation.data.sessions)
      .dump()
      .filter((line) => line.startsWith('session {') && line.includes(lsid))
      .map((line) => JSON.parse(line.slice('session '.length)) as { id: number; end_time: string | null });
  const [first] = row();
  assert.equal(first?.end_time, null);
  const names = () => [...filesIn(installation.data.files).keys()].filter((name) => name.includes(lsid));
  assert.deepEqual(names(), []);
  installation.passTime(running.closesAt - installation.appliance().clock.now() + 60);
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  await everythingIsThere();
  assert.ok(names().includes(`support.example.com-support-${lsid}.xml`));
  const [second, ...more] = row();
  assert.deepEqual([second?.id, more], [first?.id, []]);
  assert.notEqual(second?.end_time, null);
});

test('a session without an end is declared abnormal in time; should it close after all, that is stored too', async () => {
  await installation.changeSettings((draft) => {
    for (const site of draft.sites) site.openSessionHours = 0.5;
  });
  const { truth, clock } = installation.appliance();
  const old = () =>
    [...truth.sessions()].find(
      ({ state, session, closesAt }) =>
        state === 'running' &&
        clock.now() - (session.startTime ?? 0) > 1900 &&
        (closesAt ?? 0) > clock.now() + 60,
    );
  do installation.passTime(300);
  while (!old());
  const found = old();
  assert.ok(found?.closesAt && found.session.startTime);
  const { lsid } = found.session;
  const declared = await installation.run();
  assert.equal(declared.status, 'succeeded', failures(declared));
  const name = `support.example.com-support-${lsid}`;
  const read = async (file: string) =>
    readDocument(filesIn(installation.data.files).get(file)?.bytes ?? Buffer.alloc(0));
  const abnormal = found.session;
  assert.equal(abnormal.endTime, null);
  assert.deepEqual(await read(`${name}.xml`), [abnormal]);
  installation.passTime(found.closesAt - clock.now() + 60);
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  const final = truth.session(lsid)?.session;
  assert.equal(final?.endTime, found.closesAt);
  assert.deepEqual(await read(`${name}.xml`), [abnormal], 'what was stored stays');
  assert.deepEqual(await read(`${name}.1.xml`), [final], 'and the end is stored beside it');
  assert.deepEqual(databaseDifferences(installation), none);
  const { missing } = await folderDifferences(installation, undefined, { openSessionHours: 0.5 });
  assert.deepEqual(missing, []);
});

test('a run whose orchestration died is closed with the reason, and the schedule runs', async () => {
  const { services, stack } = installation;
  const id = runId(services.now(), 'dead');
  await stack.starter.start(id);
  await stack.host.idle();
  const dead: Run = {
    id,
    kind: 'schedule',
    scheduleId: 'all',
    dueAt: new Date(services.now()).toISOString(),
    status: 'running',
    transfers: [],
  };
  await enterLive(services.state, dead);
  await createRun(services.state, dead);
  installation.passTime(HOUR);
  const run = await installation.run();
  assert.notEqual(run.id, id);
  assert.equal(run.status, 'succeeded', failures(run));
  const closed = await getRun(services.state, id);
  assert.equal(closed?.status, 'failed');
  assert.equal(closed?.failure?.message, `The run ended without a result: no run ${id}`);
});

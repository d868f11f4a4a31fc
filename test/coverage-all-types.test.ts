import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Coverage } from '../shared/reconciliation/coverage.ts';
import { changeRun } from '../shared/runs/run.ts';
import { makeScheduleRun } from '../shared/schedules/make-run.ts';
import { latestDue } from '../shared/schedules/recurrence.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { bucketsOf } from '../shared/streams/bucket.ts';
import { streamOf } from '../shared/streams/index.ts';
import { bucketFiles, bucketStreams, snapshots, typesOf } from './support/all-types.ts';
import { databaseSetting, folderSetting } from './support/installation.ts';
import { assertSums, DAY, HOUR, reconciling } from './support/reconciling.ts';

test('every data type has its coverage: by listings, by what was read, by runs', async (t) => {
  const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  const begin = { kind: 'days-back', days: 3 };
  const { installation, reconcile, rows, troubles, pull } = await reconciling(t, {
    sites: { support: { sessions: 120, from: now - 3 * DAY, to: now + 2 * DAY, recordingBytes: [500, 900] } },
    destinations: (data) => [folderSetting(data.files), databaseSetting(data.sessions)],
    transfers: [
      { site: 'support', destination: 'folder', dataTypes: typesOf('RS'), commandShellFormat: 'both', begin },
      { site: 'support', destination: 'database', dataTypes: ['session-data', 'team-activity'], begin },
    ],
  });
  const first = await installation.run();
  assert.equal(first.status, 'succeeded', JSON.stringify(first.results));
  const outcome = await reconcile();
  assert.deepEqual([outcome.failure, outcome.missing, outcome.problems], [undefined, 0, []]);
  assertSums(await rows());
  const appliance = installation.appliance();
  const today = Math.floor(appliance.clock.now() / DAY) * DAY;
  const nameOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const yesterday = nameOf(today - DAY);
  const of = async (stream: string, day = yesterday, destination = 'folder') =>
    (await rows()).find(
      (row) => row.stream === stream && row.day === day && row.destinationId === destination,
    ) as Coverage;

  const presentations = [...appliance.truth.presentations()].filter(
    ({ endTime }) => endTime !== null && endTime >= today - DAY && endTime < today,
  );
  assert.ok(presentations.length > 0);
  const listed = await of('presentation-data');
  assert.deepEqual(
    [listed.by, listed.onAppliance, listed.stored],
    ['listing', presentations.length, presentations.length],
  );

  for (const id of ['command-shell-recording', 'show-my-screen-recording', 'presentation-recording']) {
    const { by, onAppliance, stored, owed, covered } = await of(id);
    assert.deepEqual([by, onAppliance, stored, owed, covered], ['window', undefined, undefined, 0, true], id);
  }
  for (const id of bucketStreams) {
    const stream = streamOf(id);
    assert.ok(stream.from === 'bucket');
    const isOver = appliance.clock.now() - stream.lag >= today;
    const files = [...bucketsOf(today - DAY, today, 'day')].flatMap((bucket) => [
      ...bucketFiles(appliance, 'support.example.com', id, bucket),
    ]);
    const { by, stored, covered } = await of(id);
    assert.deepEqual([by, stored, covered], ['window', isOver ? files.length : 0, isOver], id);
  }
  assert.equal((await of('team-activity', yesterday, 'database')).stored, 1);

  // Snapshots: one that came about, and one whose run failed.
  await pull();
  const { services, stack } = installation;
  const { settings } = await loadSettings(services.state);
  const schedule = settings.schedules[0] ?? assert.fail();
  const due = latestDue(schedule.every, services.now());
  const failed = await makeScheduleRun(
    services.state,
    settings,
    schedule,
    latestDue(schedule.every, due - 1),
  );
  await changeRun(services.state, failed.id, (run) => ({ ...run, status: 'failed', finishedAt: run.dueAt }));
  await stack.starter.start((await makeScheduleRun(services.state, settings, schedule, due)).id);
  await stack.host.idle();
  installation.passTime(DAY);
  await reconcile();
  for (const id of snapshots) {
    const { by, onAppliance, stored, agedOut } = await of(id, nameOf(today));
    assert.deepEqual([by, onAppliance, stored, agedOut], ['runs', 2, 1, 1], id);
  }
  assertSums(await rows());
  assert.deepEqual(await troubles(), []);

  // A report that was stored and is not there any more.
  const database = new DatabaseSync(installation.data.sessions);
  assert.equal(
    database.prepare('DELETE FROM ic_report WHERE item_key LIKE ?').run(`%${yesterday.replaceAll('-', '')}%`)
      .changes,
    1,
  );
  database.close();
  assert.equal((await reconcile()).missing, 1);
  assert.equal((await of('team-activity', yesterday, 'database')).missing, 1);
  assert.match(
    (await troubles()).join(),
    /^Team Activity of Site support to Destination database: 1 missing/,
  );
  await pull();
  await installation.run();
  assert.equal((await reconcile()).missing, 0);
  const { stored, missing } = await of('team-activity', yesterday, 'database');
  assert.deepEqual([stored, missing], [1, 0]);
  assert.deepEqual(await troubles(), []);
});

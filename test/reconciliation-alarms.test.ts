import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { listTroubles } from '../shared/notifications/trouble-store.ts';
import { assertSums, DAY, reconciling } from './support/reconciling.ts';
import { databaseDifferences } from './support/stored.ts';

test('recordings that the account is not shown raise an alarm that names the permission, and come when it is given', async (t) => {
  const { installation, reconcile, rows, sum, troubles, pull } = await reconciling(t);
  const { withheld, log } = installation.appliance();
  withheld.recordingUrls = 'all';
  assert.equal((await installation.run()).status, 'succeeded');
  const first = await reconcile();
  assert.equal(first.missing, 0);
  const hidden = await sum('hidden', 'session-recording', 'folder');
  assert.ok(hidden > 3);
  assertSums(await rows());
  const [alarm, ...more] = await troubles();
  assert.deepEqual(more, []);
  assert.match(
    alarm ?? '',
    new RegExp(
      `^Session Recordings of .*: ${hidden} session recordings .* permission to view session recordings`,
    ),
  );
  assert.equal(log.filter(({ request }) => request === 'SupportSessionRecording').length, 0);
  await pull();

  withheld.recordingUrls = new Set();
  assert.equal((await reconcile()).missing, hidden - (await sum('owed', 'session-recording', 'folder')));
  await pull();
  await installation.run();
  assert.equal((await reconcile()).missing, 0);
  assert.equal(await sum('hidden', 'session-recording', 'folder'), 0);
  assert.equal(await sum('stored', 'session-recording', 'folder'), hidden);
  assert.deepEqual(await troubles(), []);
});

test('a destination that cannot be asked holds up its own transfers alone, and its rows stay as they were', async (t) => {
  let down = false;
  const { installation, reconcile, rows, troubles } = await reconciling(t, {
    services: (services) => ({
      ...services,
      async destination(setting) {
        if (down && setting.id === 'database')
          throw new Failure('transient', 'unreachable', 'Destination "database" is down.');
        return services.destination(setting);
      },
    }),
  });
  await installation.run();
  assert.deepEqual((await reconcile()).problems, []);
  const before = (await rows()).filter(({ destinationId }) => destinationId === 'database');
  down = true;
  const outcome = await reconcile();
  assert.deepEqual(outcome.problems, [
    { transfer: 'support|session-data|database', message: 'Destination "database" is down.' },
  ]);
  const after = await rows();
  assert.deepEqual(
    after.filter(({ destinationId }) => destinationId === 'database'),
    before,
  );
  const newest = after.findLast(({ destinationId }) => destinationId === 'folder');
  assert.ok((newest?.checkedAt ?? '') > (before[0]?.checkedAt ?? ''));
  assert.deepEqual(await troubles(), [
    'Session Data of Site support to Destination database: It could not be checked: Destination "database" is down.',
  ]);
  down = false;
  await reconcile();
  assert.deepEqual(await troubles(), []);
});

test('an appliance that cannot be asked is told, and told again when it can', async (t) => {
  const { installation, reconcile, troubles } = await reconciling(t);
  await installation.run();
  installation.appliance().faults.add({ kind: 'server-error' }, { times: 100 });
  const outcome = await reconcile();
  assert.equal(outcome.days, 0);
  assert.ok(outcome.failure);
  assert.match((await troubles()).join(), /^Site support: What is stored could not be compared/);
  installation.appliance().faults.clear();
  assert.ok((await reconcile()).days > 0);
  assert.deepEqual(await troubles(), []);
});

test('a day that cannot be listed is told and passed over', async (t) => {
  const { installation, reconcile, rows } = await reconciling(t);
  await installation.run();
  const { faults } = installation.appliance();
  // As often as one listing is asked for, retries included.
  faults.add({ kind: 'server-error' }, { request: 'SupportSessionListing', times: 6, after: 2 });
  const { failure, problems, days } = await reconcile(3);
  assert.equal(failure, undefined);
  assert.equal(days, 3);
  assert.match(problems[0]?.message ?? '', /^20\d\d-\d\d-\d\d could not be listed: /);
  assert.equal((await rows()).length, 2 * 3);
});

test('what the appliance is about to forget is alarmed about, what it has forgotten is counted apart and no gap', async (t) => {
  const { installation, reconcile, rows, sum, troubles, pull } = await reconciling(t, {
    days: 4,
    site: { applianceKeepsDays: 6 },
  });
  installation.appliance().withheld.recordingUrls = 'all';
  await installation.run();
  await reconcile();
  const hidden = await sum('hidden', 'session-recording', 'folder');
  assert.ok(hidden > 3);
  assert.equal((await troubles()).filter((line) => /forgets them within 2 days/.test(line)).length, 0);
  await pull();
  installation.passTime(DAY);
  assert.equal((await installation.run()).kind, 'schedule');
  await reconcile();
  assert.match(
    (await troubles()).join('\n'),
    /of 20\d\d-\d\d-\d\d, are still not stored, and the appliance forgets them within 2 days/,
  );

  installation.passTime(7 * DAY);
  const outcome = await reconcile();
  assert.equal(outcome.failure, undefined);
  assert.equal(outcome.missing, 0);
  const lost = await sum('agedOut', 'session-recording', 'folder');
  assert.ok(lost >= hidden);
  assertSums(await rows());
  const events = (await listTroubles(installation.services.state)).filter(({ key }) =>
    key.startsWith('gap|lost'),
  );
  assert.equal(events.length, 1);
  assert.match(events[0]?.value.message ?? '', new RegExp(`^${lost} items were not stored before`));
  await reconcile();
  assert.equal(await sum('agedOut', 'session-recording', 'folder'), lost, 'counted once');
});

test('the proof of a day does not fade with what the appliance lists of it', async (t) => {
  const { installation, reconcile, rows, sum } = await reconciling(t);
  await installation.run();
  await reconcile();
  const stored = await sum('stored', 'session-data', 'folder');
  const { truth, withheld } = installation.appliance();
  for (const { session } of truth.sessions()) withheld.sessions.add(session.lsid);
  assert.equal((await reconcile()).missing, 0);
  assert.equal(await sum('stored', 'session-data', 'folder'), stored);
  assert.equal(await sum('agedOut', 'session-data', 'folder'), 0);
  assertSums(await rows());
});

test('the reconciliation of a day is made once, however often the timer comes, and none while nothing is to run', async (t) => {
  const { installation, records, pull } = await reconciling(t);
  const { host } = installation.stack;
  await installation.changeSettings((draft) => {
    draft.application.reconcileHour = 0;
    draft.scheduler = 'stopped';
  });
  await installation.run();
  await host.fireTimer('housekeeping');
  assert.deepEqual(await records(), []);
  await installation.changeSettings((draft) => {
    draft.scheduler = 'running';
  });
  await Promise.all([host.fireTimer('housekeeping'), host.fireTimer('housekeeping')]);
  await host.idle();
  await host.fireTimer('housekeeping');
  await host.idle();
  const [record, ...more] = await records();
  assert.deepEqual(more, []);
  assert.equal(record?.by, 'timer');
  assert.ok(record?.finishedAt);
  assert.equal(record?.outcomes?.[0]?.failure, undefined);
  assert.equal((await pull()).length, 1);
  installation.passTime(DAY);
  await host.fireTimer('housekeeping');
  await host.idle();
  assert.equal((await records()).length, 2);
});

test('sessions that ended while the clock was set back, and right again, between two runs are found', async (t) => {
  const { installation, reconcile, pull } = await reconciling(t);
  const { clock, truth, withheld } = installation.appliance();
  const today = Math.floor(clock.now() / DAY) * DAY;
  const stamped = [...truth.sessions()]
    .filter(({ session }) => (session.endTime ?? today) < today)
    .slice(-3)
    .map(({ session }) => session.lsid);
  const missing = () => databaseDifferences(installation).missing.filter((lsid) => stamped.includes(lsid));
  for (const lsid of stamped) withheld.sessions.add(lsid);
  await installation.run();
  assert.equal(missing().length, 3);
  // Two jumps that make up for each other look like none: what was stamped in between lies before the watermark.
  clock.jump(-DAY);
  withheld.sessions.clear();
  clock.jump(DAY);
  const run = await installation.run();
  assert.deepEqual(
    run.results?.flatMap(({ alarms }) => alarms),
    [],
  );
  assert.equal(missing().length, 3);
  assert.ok((await reconcile()).missing >= 6);
  await pull();
  assert.deepEqual(missing(), []);
});

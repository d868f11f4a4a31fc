import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTroubles } from '../shared/notifications/trouble-store.ts';
import { reportPart } from '../shared/runs/progress.ts';
import { transferKey } from '../shared/runs/run.ts';
import { finishRun, startRun } from '../shared/transfer/run-steps.ts';
import { body } from './support/mail-server.ts';
import { data, HOUR, house, MINUTE } from './support/notifying-house.ts';

test('the same trouble is reported once, then in a digest, then when it is over', async (t) => {
  const { run, pass, subjects, mail, services, look } = await house(t);
  await run({ failed: data });
  assert.deepEqual(subjects(), ['New: 2']);
  const text = body(mail.mails[0] as (typeof mail.mails)[0]);
  assert.match(
    text,
    /\* Failed: Session Data.* of Site to Folder\r\n {2}Main \(site\.example\.com\) cannot be reached\./,
  );
  assert.match(text, /of Site to Database/);
  for (let at = 0; at < 10; at++) {
    pass(2 * HOUR);
    await run({ failed: data });
    await look();
  }
  assert.equal(mail.mails.length, 1);
  pass(5 * HOUR);
  await run({ failed: data });
  assert.deepEqual(subjects().slice(1), ['Still going on: 2']);
  assert.match(body(mail.mails[1] as (typeof mail.mails)[0]), /Met 12 times/);
  pass(HOUR);
  await run({ failed: data.slice(0, 1) });
  assert.match(subjects()[2] ?? '', /^Over: Failed: Session Data.* of Site to Database$/);
  pass(HOUR);
  await run();
  assert.match(subjects()[3] ?? '', /^Over: Failed: Session Data.* of Site to Folder$/);
  pass(30 * HOUR);
  await run();
  await look();
  assert.equal(mail.mails.length, 4);
  assert.deepEqual(await listTroubles(services.state), [], 'what is over is forgotten');
});

test('where each is chosen, each failed run is reported', async (t) => {
  const { run, pass, subjects } = await house(t, { report: 'each' });
  for (let at = 0; at < 4; at++) {
    await run({ failed: data.slice(0, 1) });
    pass(MINUTE);
  }
  await run();
  assert.equal(subjects().length, 5);
  assert.match(subjects()[4] ?? '', /^Over: /);
});

test('partial runs and alarms are reported, alarms that differ in numbers as one, and all as the settings say', async (t) => {
  const { run, pass, subjects, mail, change } = await house(t);
  const jump = (seconds: number) =>
    `The appliance's clock jumped by ${seconds} s against ours since the last run.`;
  await run({ partial: ['session-recording|folder'], alarms: [jump(3600)] });
  assert.deepEqual(subjects(), ['New: 2']);
  const text = body(mail.mails[0] as (typeof mail.mails)[0]);
  assert.match(text, /Incomplete: .*\r\n {2}2 postponed, 1 set aside\./);
  assert.match(text, /Alarm: .*\r\n {2}The appliance's clock jumped by 3600 s/);
  pass(HOUR);
  await run({ partial: ['session-recording|folder'], alarms: [jump(-120)] });
  assert.equal(mail.mails.length, 1);
  pass(HOUR);
  await run({ partial: ['session-recording|folder'], alarms: ['Something else.'] });
  assert.match(subjects()[1] ?? '', /^Alarm: /);
  pass(HOUR);
  await change((draft) => {
    draft.notifications.partialRuns = false;
    draft.notifications.alarms = false;
  });
  await run({ partial: data, alarms: ['A third thing.'] });
  assert.equal(mail.mails.length, 2);
});

test('a failed transfer does not say that what is owed is no trouble any more, and a cancelled run says nothing', async (t) => {
  const { run, pass, subjects } = await house(t);
  await run({ partial: data.slice(0, 1) });
  pass(HOUR);
  await run({ failed: data.slice(0, 1) });
  pass(HOUR);
  await run({ cancelled: true });
  pass(HOUR);
  assert.deepEqual(
    subjects().map((subject) => subject.split(':')[0]),
    ['Incomplete', 'Failed'],
  );
  await run();
  assert.equal(subjects()[2], 'Over: 2');
});

test('a run that is finished twice, or an older one that ends late, changes nothing', async (t) => {
  const { run, services, bench, pass } = await house(t);
  const older = await bench.scheduleRun();
  await startRun(services, { runId: older.id });
  await reportPart(services, older.id, 'site|backup|folder', 'part', { stored: 1 });
  pass(HOUR);
  const newer = await run({ failed: data });
  const before = (await listTroubles(services.state)).map(({ etag, value }) => [etag, value.count]);
  await finishRun(services, { runId: newer.id, failures: {}, cancelled: false });
  await finishRun(services, { runId: older.id, failures: {}, cancelled: false });
  assert.deepEqual(
    (await listTroubles(services.state)).map(({ etag, value }) => [etag, value.count]),
    before,
  );
});

test('a pull that failed is told once, and is no schedule’s trouble', async (t) => {
  const { services, bench, subjects, pass, look, run } = await house(t);
  const pull = await bench.pullRun({ by: 'lsids', lsids: ['0'.repeat(32)] });
  await startRun(services, { runId: pull.id });
  const failure = {
    kind: 'terminal',
    code: 'wrong-secret',
    message: 'Site refused the API account.',
  } as const;
  const failures = Object.fromEntries(pull.transfers.map((transfer) => [transferKey(transfer), failure]));
  await finishRun(services, { runId: pull.id, failures, cancelled: false });
  assert.deepEqual(subjects(), [`Failed: Pull ${pull.id}`]);
  pass(HOUR);
  await run();
  pass(30 * HOUR);
  await look();
  assert.equal(subjects().length, 1);
  assert.deepEqual(await listTroubles(services.state), []);
});

test('what comes and goes all the time is told some times a day, and its end in the end', async (t) => {
  const { run, pass, mail, look, subjects } = await house(t);
  for (let at = 0; at < 30; at++) {
    await run({ failed: at % 2 === 0 ? data.slice(0, 1) : [] });
    pass(10 * MINUTE);
  }
  assert.equal(mail.mails.length, 6);
  await run({ failed: data.slice(0, 1) });
  pass(24 * HOUR);
  await look();
  assert.match(subjects().at(-1) ?? '', /^Failed: /, 'what lasts is told after all');
});

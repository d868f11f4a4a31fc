import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tick } from '../shared/schedules/tick.ts';
import { ledgerPartition, owe } from '../shared/transfer/ledger.ts';
import { body, header } from './support/mail-server.ts';
import { data, HOUR, house, MINUTE } from './support/notifying-house.ts';

test('a schedule without a successful run is told, one that is not to run is not, and its recovery is', async (t) => {
  const { change, look, pass, run, subjects, mail } = await house(t, {
    silencePeriods: 3,
    failedRuns: false,
    partialRuns: false,
  });
  await change((draft) => {
    for (const schedule of draft.schedules) schedule.every = { hours: 2 };
  });
  await look();
  pass(5 * HOUR);
  await run();
  pass(5 * HOUR);
  await run({ failed: data });
  await look();
  assert.equal(mail.mails.length, 0);
  pass(HOUR + MINUTE);
  await look();
  assert.deepEqual(subjects(), ['Silence: Schedule Schedule']);
  assert.match(
    body(mail.mails[0] as (typeof mail.mails)[0]),
    /for 3 periods or more\. Last successful run: 2026-01-01T05:00/,
  );
  pass(HOUR);
  await run({ partial: data });
  await look();
  pass(10 * MINUTE);
  await look();
  assert.equal(subjects()[1], 'Over: Silence: Schedule Schedule');
  await change((draft) => {
    for (const schedule of draft.schedules) schedule.enabled = false;
  });
  pass(100 * HOUR);
  await look();
  await change((draft) => {
    for (const schedule of draft.schedules) schedule.enabled = true;
    draft.scheduler = 'stopped';
  });
  pass(100 * HOUR);
  await look();
  await change((draft) => {
    draft.scheduler = 'running';
  });
  pass(10 * MINUTE);
  await look();
  pass(5 * HOUR);
  await look();
  assert.equal(
    mail.mails.filter((each) => /Silence/.test(header(each, 'Subject') ?? '')).length,
    2,
    'time in which it was not to run does not count',
  );
  pass(2 * HOUR);
  await look();
  assert.equal(subjects().at(-1), 'Silence: Schedule Schedule');
});

test('a schedule of minutes is silent after an hour, not after some minutes', async (t) => {
  const { look, pass, mail } = await house(t, { silencePeriods: 3 });
  await look();
  pass(59 * MINUTE);
  await look();
  assert.equal(mail.mails.length, 0);
  pass(7 * MINUTE);
  await look();
  assert.equal(mail.mails.length, 1);
});

test('a ledger that grows is told, one that was filled at first and drains is not', async (t) => {
  const { look, pass, services, subjects, mail } = await house(t, { ledgerItems: 10 });
  const { state, now } = services;
  const add = (count: number, name: string) =>
    owe(
      state,
      'site',
      'session-recording',
      Array.from({ length: count }, (_, at) => ({
        item: { key: `${name}${at}` } as never,
        destinationId: 'folder',
      })),
      now(),
    );
  await add(50, 'first');
  await look();
  for (let hour = 0; hour < 20; hour++) {
    pass(HOUR);
    await look();
  }
  assert.equal(mail.mails.length, 0, 'there is no day to compare with');
  const { entries } = await state.list('ledger', ledgerPartition('site', 'session-recording'));
  for (const { key } of entries.slice(0, 20))
    await state.remove('ledger', ledgerPartition('site', 'session-recording'), key);
  for (let hour = 0; hour < 30; hour++) {
    pass(HOUR);
    await look();
  }
  assert.deepEqual(subjects(), []);
  await add(100, 'second');
  pass(HOUR + MINUTE);
  await look();
  assert.deepEqual(subjects(), ['Growing ledger: Session Recordings of Site']);
  assert.match(
    body(mail.mails.at(-1) as (typeof mail.mails)[0]),
    /130 files are owed or set aside; a day before it were 30\./,
  );
});

test('trouble of what was taken out of the settings is over', async (t) => {
  const { run, change, pass, look, subjects } = await house(t);
  await run({ failed: data });
  await change((draft) => {
    for (const schedule of draft.schedules) schedule.transfers = schedule.transfers.slice(0, 1);
  });
  pass(10 * MINUTE);
  await look();
  assert.match(subjects()[1] ?? '', /^Over: Failed: .* to Database$/);
});

test('a schedule that cannot be started is told at once, and each minute only where each was chosen', async (t) => {
  for (const report of ['once', 'each'] as const) {
    const { services, pass, subjects } = await house(t, { report });
    const broken = {
      start: () => Promise.reject(new Error('the task hub is gone')),
      isGoing: async () => false,
    };
    await tick(services, broken);
    for (let minute = 0; minute < 3; minute++) {
      pass(MINUTE);
      await assert.rejects(tick(services, broken), /task hub/);
    }
    const told = report === 'once' ? 1 : 3;
    assert.deepEqual(subjects(), Array(told).fill('Failed: Schedule Schedule could not be started'));
  }
});

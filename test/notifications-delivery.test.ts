import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notifyAtTick } from '../shared/notifications/index.ts';
import type { Run } from '../shared/runs/run.ts';
import { tick } from '../shared/schedules/tick.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { body, header, startMailServer } from './support/mail-server.ts';
import { data, HOUR, house, MINUTE } from './support/notifying-house.ts';

test('a mail server that is down fails no run; what it missed comes in one message when it is back', async (t) => {
  const { run, pass, mail, log, services, look } = await house(t);
  await mail.close();
  const one = await run({ failed: data });
  assert.equal((await services.state.get<Run>('runs', 'run', one.id))?.value.status, 'partial');
  const warned = () =>
    log.lines.filter(({ message }) => message === 'A notification could not be sent').length;
  assert.equal(warned(), 1);
  // A minute, two, four, … until an hour lies between.
  for (let minute = 0; minute < 12 * 60; minute++) {
    pass(MINUTE);
    await look();
  }
  await run({ failed: data, partial: ['session-recording|folder'] });
  assert.ok(warned() > 12 && warned() < 20, String(warned()));
  const back = await startMailServer(t, { security: 'none', port: mail.port });
  for (let minute = 0; minute < 70; minute++) {
    pass(MINUTE);
    await look();
  }
  assert.deepEqual(
    back.mails.map((each) => header(each, 'Subject')),
    ['IC: New: 3'],
  );
});

test('trouble that came and went while nobody could be told is told', async (t) => {
  const { run, pass, mail, look } = await house(t);
  await mail.close();
  await run({ failed: data.slice(0, 1) });
  pass(HOUR);
  await run();
  const back = await startMailServer(t, { security: 'none', port: mail.port });
  pass(2 * HOUR);
  await look();
  assert.equal(back.mails.length, 1);
  assert.match(body(back.mails[0] as (typeof back.mails)[0]), /Since 2026-01-01T00:.*over at 2026-01-01T01:/);
});

test('a host that dies after sending makes one repeat under the same id, and no flood', async (t) => {
  let dies = false;
  const { run, pass, mail, look } = await house(
    t,
    {},
    (state) =>
      new Proxy(state, {
        get(target, name) {
          const method = Reflect.get(target, name) as (...input: unknown[]) => Promise<unknown>;
          if (name !== 'update') return typeof method === 'function' ? method.bind(target) : method;
          return async (...input: unknown[]) => {
            // Nothing is kept of what came after the sending.
            if (dies && mailsSent() > 0 && input[0] === 'notifications') throw new Error('the host died');
            return method.apply(target, input);
          };
        },
      }),
  );
  const mailsSent = () => mail.mails.length;
  dies = true;
  await run({ failed: data });
  assert.equal(mail.mails.length, 1);
  dies = false;
  await look();
  assert.equal(mail.mails.length, 1, 'not before the wait is over');
  for (let minute = 0; minute < 60; minute++) {
    pass(MINUTE);
    await look();
  }
  assert.equal(mail.mails.length, 2);
  const [first, second] = mail.mails.map((each) => header(each, 'Message-ID'));
  assert.equal(first, second);
});

test('of two hosts that tick at once one sends', async (t) => {
  const { run, pass, mail, services } = await house(t);
  await mail.close();
  await run({ failed: data });
  const back = await startMailServer(t, { security: 'none', port: mail.port });
  pass(10 * MINUTE);
  const { settings } = await loadSettings(services.state);
  await Promise.all([1, 2, 3].map(() => notifyAtTick(services, settings)));
  assert.equal(back.mails.length, 1);
});

test('many troubles at once come in one message, and later ones wait for minutes, not for the next run', async (t) => {
  const { run, pass, look, subjects } = await house(t);
  await run({ failed: data.slice(0, 1) });
  await run({ failed: data });
  assert.equal(subjects().length, 1);
  pass(6 * MINUTE);
  await look();
  assert.equal(subjects().length, 2);
});

test('a tick in which nothing is due makes three storage calls, with notifications on and a hundred schedules', async (t) => {
  const calls: string[] = [];
  const { change, services, pass } = await house(
    t,
    { silencePeriods: 3, ledgerItems: 1 },
    (state) =>
      new Proxy(state, {
        get(target, name) {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function') return method;
          return (...input: unknown[]) => {
            calls.push(`${String(name)} ${String(input[0])}`);
            return method.apply(target, input);
          };
        },
      }),
  );
  await change((draft) => {
    const [schedule] = draft.schedules;
    assert.ok(schedule);
    draft.schedules = Array.from({ length: 100 }, (_, at) => ({
      ...schedule,
      id: `s${at}`,
      every: { days: 1, at: '12:00', timeZone: 'UTC' },
    }));
  });
  const starter = { start: async () => {}, isGoing: async () => false };
  await tick(services, starter);
  for (let minute = 1; minute < 5; minute++) {
    pass(MINUTE - 1000);
    calls.length = 0;
    await tick(services, starter);
    assert.ok(calls.length <= 3, calls.join(', '));
  }
});

test('notifications that cannot be kept fail neither run nor tick', async (t) => {
  let broken = false;
  const { run, log, services } = await house(
    t,
    {},
    (state) =>
      new Proxy(state, {
        get(target, name) {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function') return method;
          return async (...input: unknown[]) => {
            if (broken && input[0] === 'notifications') throw new Error('the table is gone');
            return method.apply(target, input);
          };
        },
      }),
  );
  broken = true;
  const { id } = await run({ failed: data });
  assert.equal((await services.state.get<Run>('runs', 'run', id))?.value.status, 'partial');
  await tick(services, { start: async () => {}, isGoing: async () => false });
  assert.equal(log.lines.filter(({ message }) => message === 'Notifications failed').length, 2);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { notifyAtTick } from '../shared/notifications/index.ts';
import { listTroubles } from '../shared/notifications/trouble-store.ts';
import { reportPart } from '../shared/runs/progress.ts';
import { type Run, transferKey } from '../shared/runs/run.ts';
import { tick } from '../shared/schedules/tick.ts';
import type { Services } from '../shared/services.ts';
import type { NotificationSettings } from '../shared/settings/notifications.ts';
import type { Settings } from '../shared/settings/settings.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { ledgerPartition, owe } from '../shared/transfer/ledger.ts';
import { finishRun, startRun } from '../shared/transfer/run-steps.ts';
import { KeptLog } from './support/installation.ts';
import { body, header, type MailServer, startMailServer } from './support/mail-server.ts';
import { makeWorkbench, type Workbench } from './support/workbench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface House {
  readonly bench: Workbench;
  readonly services: Services;
  readonly log: KeptLog;
  readonly mail: MailServer;
  /** Subjects of all mails, without the prefix. */
  subjects(): string[];
  change(edit: (draft: Settings) => void): Promise<void>;
  /** A run of the schedule in which these transfers (`session-data|folder`) failed or were left with something owed. */
  run(outcome?: Outcome): Promise<Run>;
  pass(ms: number): void;
  look(): Promise<void>;
}

interface Outcome {
  readonly failed?: readonly string[];
  readonly partial?: readonly string[];
  readonly alarms?: readonly string[];
  readonly cancelled?: boolean;
}

async function house(
  context: TestContext,
  more: Partial<NotificationSettings> = {},
  store?: (state: StateStore) => StateStore,
): Promise<House> {
  const mail = await startMailServer(context, { security: 'none' });
  const bench = makeWorkbench(context, store ? { state: store(openSqliteState(':memory:')) } : {});
  const log = new KeptLog();
  const services: Services = { ...bench.services, log };
  const { state } = services;
  await saveSettings(state, {
    ...bench.settings,
    notifications: {
      mail: {
        host: '127.0.0.1',
        port: mail.port,
        security: 'none',
        from: 'client@example.com',
        to: ['people@example.com'],
        subjectPrefix: 'IC:',
      },
      silencePeriods: 0,
      ledgerItems: 0,
      ...more,
    },
  });
  return {
    bench,
    services,
    log,
    mail,
    subjects: () => mail.mails.map((each) => (header(each, 'Subject') ?? '').replace(/^IC: /, '')),
    async change(edit) {
      const { settings, etag } = await loadSettings(state);
      const draft = structuredClone(settings);
      edit(draft);
      await saveSettings(state, draft, etag);
    },
    async run({ failed = [], partial = [], alarms = [], cancelled = false } = {}) {
      const run = await bench.scheduleRun();
      await startRun(services, { runId: run.id });
      const keys = run.transfers.map((transfer) => {
        const key = transferKey(transfer);
        return { key, name: key.slice('site|'.length), stream: transfer.stream };
      });
      for (const { key, name, stream } of keys) {
        const left = partial.includes(name) ? { postponed: 2, setAside: 1 } : {};
        const stored = stream === 'backup' ? { stored: 1 } : {};
        const first = key === keys[0]?.key;
        await reportPart(state, run.id, key, 'part', { ...left, ...stored }, first ? alarms : []);
      }
      const failure = {
        kind: 'transient',
        code: 'down',
        message: 'Main (site.example.com) cannot be reached.',
      } as const;
      const failures = Object.fromEntries(
        keys.filter(({ name }) => failed.includes(name)).map(({ key }) => [key, failure]),
      );
      await finishRun(services, { runId: run.id, failures, cancelled });
      return run;
    },
    pass: (ms) => {
      bench.clock.now += ms;
    },
    look: async () => notifyAtTick(services, (await loadSettings(state)).settings),
  };
}

const data = ['session-data|folder', 'session-data|database'];

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
  await reportPart(services.state, older.id, 'site|backup|folder', 'part', { stored: 1 });
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

test('many troubles at once come in one message, and later ones wait for minutes, not for the next run', async (t) => {
  const { run, pass, look, subjects } = await house(t);
  await run({ failed: data.slice(0, 1) });
  await run({ failed: data });
  assert.equal(subjects().length, 1);
  pass(6 * MINUTE);
  await look();
  assert.equal(subjects().length, 2);
});

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

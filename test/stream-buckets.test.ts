import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ApplianceInfo, ReportBody, TimeWindow } from '../shared/appliance/appliance.ts';
import { Failure } from '../shared/errors.ts';
import { runProgress } from '../shared/runs/progress.ts';
import { noCounts, type Run, type TransferKey } from '../shared/runs/run.ts';
import { makePullRun, makeScheduleRun, transfersOf } from '../shared/schedules/make-run.ts';
import type { ReportPeriod } from '../shared/streams/bucket.ts';
import { bucketKey, bucketName, bucketStart, bucketsOf } from '../shared/streams/bucket.ts';
import { drain } from '../shared/transfer/drain.ts';
import { ledgerPartition, type OwedItem } from '../shared/transfer/ledger.ts';
import { type BucketsPlan, planBuckets } from '../shared/transfer/plan-buckets.ts';
import { readWatermark } from '../shared/transfer/watermark.ts';
import { filesIn } from './support/job.ts';
import { inChunks, makeWorkbench, newYear, type Workbench } from './support/workbench.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const KEY: TransferKey = 'site|team-activity|folder';

interface Bench extends Workbench {
  /** The appliance's clock, Unix seconds; ours follows unless the test says else. */
  at: { appliance: number; info?: Partial<ApplianceInfo> };
  /** Content per asking; undefined: nothing found. */
  content: { of: (window: TimeWindow) => string | undefined };
  readonly asked: TimeWindow[];
  period(period: ReportPeriod): void;
  begin(begin: object): void;
  run(): Promise<Run>;
}

function bench(context: TestContext, transfer: object = {}): Bench {
  const at: Bench['at'] = { appliance: newYear };
  const content: Bench['content'] = { of: ({ from }) => `<activity from="${from}"/>` };
  const asked: TimeWindow[] = [];
  const made = makeWorkbench(context, {
    // Our clock stands still: allowances would not come back.
    site: { requestsPerSecond: 100, requestsPerHour: 100_000 },
    transfers: [{ site: 'site', destination: 'folder', dataTypes: ['team-activity'], ...transfer }],
    appliance: {
      info: async () => ({ product: 'PRA', now: at.appliance, clock: 'command', ...at.info }),
      teamActivity: async ({ from, to }): Promise<ReportBody | undefined> => {
        asked.push({ from, to });
        const text = content.of({ from, to });
        return text === undefined ? undefined : { chunks: inChunks(text, 7) };
      },
    },
  });
  const schedule = made.settings.schedules[0];
  const setting = schedule?.transfers[0];
  assert.ok(schedule && setting);
  return {
    ...made,
    at,
    content,
    asked,
    period: (period) => Object.assign(setting, { reportPeriod: period }),
    begin: (begin) => Object.assign(setting, { begin }),
    run: () => makeScheduleRun(made.services.state, made.settings, schedule, made.clock.now++),
  };
}

/** Both clocks. */
function pass(made: Bench, seconds: number): void {
  made.at.appliance += seconds;
  made.clock.now += seconds * 1000;
}

async function plan(made: Bench, run: Run, after?: number): Promise<BucketsPlan> {
  const from = after === undefined ? {} : { after };
  const outcome = await planBuckets(made.services, { runId: run.id, siteId: 'site', without: [], ...from });
  assert.equal(outcome.status, 'done', JSON.stringify(outcome));
  return outcome as BucketsPlan & { status: 'done' };
}

async function fetchAll(made: Bench, run: Run): Promise<void> {
  const input = { runId: run.id, siteId: 'site', stream: 'team-activity', part: 0, without: [] } as const;
  const outcome = await drain(made.services, input);
  assert.equal(outcome.status, 'done', JSON.stringify(outcome));
}

async function owed({ services }: Bench): Promise<OwedItem[]> {
  const rows: OwedItem[] = [];
  let from: string | undefined;
  do {
    const page = await services.state.list<OwedItem>(
      'ledger',
      ledgerPartition('site', 'team-activity'),
      from === undefined ? {} : { from },
    );
    rows.push(...page.entries.map(({ value }) => value));
    from = page.next;
  } while (from !== undefined);
  return rows;
}

async function windows(made: Bench): Promise<TimeWindow[]> {
  const found = (await owed(made)).map(({ item }) => item.window).filter((window) => window !== undefined);
  return found.sort((a, b) => a.from - b.from);
}

/** They follow each other without a gap or an overlap. */
function assertCovers(found: readonly TimeWindow[], from: number, to: number): void {
  assert.deepEqual(
    found.map((window) => window.from),
    [from, ...found.slice(0, -1).map((window) => window.to)],
  );
  assert.equal(found.at(-1)?.to, to);
}

async function progress(made: Bench, run: Run) {
  return (await runProgress(made.services.state, run.id)).get(KEY) ?? { counts: noCounts, alarms: [] };
}

test('whatever the periods that follow each other, buckets cover the time once and whole', () => {
  const period = fc.constantFrom<ReportPeriod>('day', 'hour');
  const steps = fc.array(fc.tuple(period, fc.integer({ min: 0, max: 3 * DAY })), { maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2e9 }), period, steps, (begin, first, moves) => {
      const start = bucketStart(begin, first);
      assert.ok(start <= begin && begin - start < DAY);
      let mark = start;
      let now = begin;
      const keys = new Set<string>();
      const names = new Set<string>();
      for (const [next, seconds] of moves) {
        now += seconds;
        for (const bucket of bucketsOf(mark, now, next)) {
          assert.equal(bucket.from, mark);
          const length = bucket.to - bucket.from;
          assert.ok(length === HOUR || (next === 'day' && length === DAY && bucket.from % DAY === 0));
          mark = bucket.to;
          keys.add(bucketKey(bucket));
          names.add(bucketName(bucket));
        }
        // What is left is less than one bucket.
        assert.ok(mark <= now || moves.length === 0 || mark === start);
        assert.ok(now - mark < DAY);
        assert.equal(names.size, keys.size);
      }
    }),
  );
});

test('a day and the hour that begins with it have keys and names of their own', () => {
  const day = { from: newYear, to: newYear + DAY };
  const hour = { from: newYear, to: newYear + HOUR };
  assert.deepEqual([bucketKey(day), bucketKey(hour)], ['20260101T000000Z|P1D', '20260101T000000Z|PT1H']);
  assert.deepEqual([bucketName(day), bucketName(hour)], ['20260101T000000Z', '20260101T000000Z-1h']);
});

test('a bucket is owed when it is over and the lag has passed, and not before', async (t) => {
  const made = bench(t, { begin: { kind: 'now' } });
  pass(made, 10 * HOUR);
  await plan(made, await made.run());
  pass(made, 14 * HOUR + 14 * 60);
  await plan(made, await made.run());
  assert.deepEqual(await owed(made), []);
  pass(made, 60);
  const run = await made.run();
  await plan(made, run);
  assert.deepEqual(await windows(made), [{ from: newYear, to: newYear + DAY }]);
  assert.equal((await progress(made, run)).counts.owed, 1);
});

test('each way to begin says from which bucket on', async (t) => {
  const now = newYear + 40 * DAY + 5 * HOUR;
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const cases: [object, number][] = [
    [{ kind: 'now' }, newYear + 40 * DAY],
    [{ kind: 'date', at: iso(newYear + 12 * DAY + 7 * HOUR) }, newYear + 12 * DAY],
    [{ kind: 'days-back', days: 3 }, newYear + 37 * DAY],
    [{ kind: 'last-run', at: iso(newYear + 20 * DAY + HOUR) }, newYear + 19 * DAY],
    // What appliances keep, and a margin.
    [{ kind: 'everything' }, newYear - 55 * DAY],
  ];
  for (const [begin, first] of cases) {
    const made = bench(t, { begin });
    pass(made, now - newYear);
    await plan(made, await made.run());
    const found = await windows(made);
    if (begin === cases[0]?.[0]) assert.deepEqual(found, []);
    else assertCovers(found, first, newYear + 40 * DAY);
    const mark = await readWatermark(made.services.state, 'site', KEY);
    assert.deepEqual([mark?.value.to, mark?.value.begin], [newYear + 40 * DAY, first], JSON.stringify(begin));
  }
});

test('a transfer that begins on a day to come waits for it', async (t) => {
  const made = bench(t, { begin: { kind: 'date', at: '2026-01-03T00:00:00Z' } });
  await plan(made, await made.run());
  pass(made, DAY);
  const waiting = await made.run();
  await plan(made, waiting);
  assert.deepEqual(await owed(made), []);
  assert.deepEqual((await progress(made, waiting)).alarms, []);
  pass(made, 2 * DAY + HOUR);
  await plan(made, await made.run());
  assert.deepEqual(await windows(made), [{ from: newYear + 2 * DAY, to: newYear + 3 * DAY }]);
});

test('a step that is done twice, and by two runs at once, owes the same', async (t) => {
  const made = bench(t, { begin: { kind: 'days-back', days: 5 } });
  pass(made, DAY + HOUR);
  const [one, other] = [await made.run(), await made.run()];
  await Promise.all([plan(made, one), plan(made, one), plan(made, other)]);
  await plan(made, one);
  assertCovers(await windows(made), newYear - 4 * DAY, newYear + DAY);
  assert.equal((await owed(made)).length, 5);
});

test('a period that is changed, to and fro, neither skips nor doubles time', async (t) => {
  const made = bench(t, { begin: { kind: 'date', at: '2025-12-30T00:00:00Z' } });
  pass(made, 5 * HOUR);
  for (const [period, seconds] of [
    ['day', 0],
    ['hour', 3 * HOUR],
    ['hour', 9 * HOUR],
    ['day', 2 * HOUR],
    ['day', 30 * HOUR],
    ['hour', DAY],
    ['day', 3 * DAY],
  ] as const) {
    made.period(period);
    pass(made, seconds);
    await plan(made, await made.run());
  }
  const found = await windows(made);
  const mark = await readWatermark(made.services.state, 'site', KEY);
  assertCovers(found, newYear - 2 * DAY, mark?.value.to ?? 0);
  assert.ok(made.at.appliance - (mark?.value.to ?? 0) < DAY + HOUR);
  assert.ok(
    found.some(({ from, to }) => to - from === HOUR) && found.some(({ from, to }) => to - from === DAY),
  );
});

test('a long stretch is planned in steps', async (t) => {
  const made = bench(t, { begin: { kind: 'days-back', days: 20 }, reportPeriod: 'hour' });
  pass(made, HOUR);
  const run = await made.run();
  let steps = 1;
  for (; (await plan(made, run)).more; steps++)
    assert.ok((await owed(made)).length <= 200 * steps, 'at most so many a step');
  assert.equal(steps, 3);
  assertCovers(await windows(made), newYear - 20 * DAY + HOUR, newYear);
});

test('what was fetched is stored whole under its own name, and a bucket with nothing in it leaves nothing', async (t) => {
  const made = bench(t, { begin: { kind: 'days-back', days: 3 } });
  pass(made, HOUR);
  made.content.of = ({ from }) => (from === newYear - 2 * DAY ? undefined : `<a from="${from}">ä</a>\n`);
  const run = await made.run();
  await plan(made, run);
  await fetchAll(made, run);
  const files = filesIn(made.files);
  assert.deepEqual([...files.keys()].sort(), [
    'site.example.com-team-activity-20251229T000000Z.xml',
    'site.example.com-team-activity-20251231T000000Z.xml',
  ]);
  const last = files.get('site.example.com-team-activity-20251231T000000Z.xml');
  assert.equal(last?.bytes.toString(), `<a from="${newYear - DAY}">ä</a>\n`);
  assert.deepEqual(await owed(made), []);
  const { counts, alarms } = await progress(made, run);
  assert.deepEqual({ ...noCounts, owed: 3, found: 2, stored: 2, bytes: counts.bytes }, counts);
  assert.deepEqual(alarms, []);
  // Nothing is asked again.
  const asked = made.asked.length;
  pass(made, 60);
  const second = await made.run();
  await plan(made, second);
  await fetchAll(made, second);
  assert.equal(made.asked.length, asked);
});

test('a report that ends before its end tag, or is no XML, is not stored and stays owed', async (t) => {
  for (const [text, code] of [
    ['<a><b></b>', 'truncated'],
    ['<a><b></a>', 'malformed-report'],
  ] as const) {
    const made = bench(t, { begin: { kind: 'days-back', days: 1 } });
    pass(made, HOUR);
    made.content.of = () => text;
    const run = await made.run();
    await plan(made, run);
    await fetchAll(made, run);
    assert.deepEqual([...filesIn(made.files).keys()], [], text);
    const rows = await owed(made);
    assert.deepEqual(
      rows.map(({ state, lastFailure }) => [state, lastFailure?.code]),
      [['pending', code]],
    );
    // The next run that meets it due brings it.
    made.content.of = () => '<a/>';
    pass(made, 10 * 60);
    const next = await made.run();
    await plan(made, next);
    await fetchAll(made, next);
    assert.equal(filesIn(made.files).size, 1);
    assert.deepEqual(await owed(made), []);
  }
});

test('a clock that is set back is followed back: what was read is read again, and stored where it differs', async (t) => {
  const made = bench(t, { begin: { kind: 'days-back', days: 2 }, reportPeriod: 'hour' });
  pass(made, 12 * HOUR + 20 * 60);
  const first = await made.run();
  for (let more = true; more; ) ({ more } = await plan(made, first));
  await fetchAll(made, first);
  const before = filesIn(made.files).size;
  assert.equal(before, 48);
  // Set back by three hours: hours 9, 10 and 11 will come again.
  pass(made, 60);
  made.at.appliance -= 3 * HOUR;
  made.asked.length = 0;
  const back = await made.run();
  await plan(made, back);
  const { alarms } = await progress(made, back);
  assert.match(alarms.join(), /clock jumped by -10800 s/);
  const mark = await readWatermark(made.services.state, 'site', KEY);
  assert.equal(mark?.value.to, newYear + 9 * HOUR);
  // Meanwhile the tenth hour gets something more, and the others stay as they were.
  const changed = newYear + 10 * HOUR;
  made.content.of = ({ from }) => `<activity from="${from}"${from === changed ? ' more="1"' : ''}/>`;
  for (let hour = 0; hour < 5; hour++) {
    pass(made, HOUR);
    const run = await made.run();
    await plan(made, run);
    await fetchAll(made, run);
    assert.deepEqual((await progress(made, run)).alarms, [], 'the jump is told once');
  }
  assert.deepEqual(
    made.asked.map(({ from }) => (from - newYear) / HOUR),
    [9, 10, 11, 12, 13],
  );
  const files = filesIn(made.files);
  const name = 'site.example.com-team-activity-20260101T100000Z-1h';
  assert.deepEqual([...files.keys()].filter((file) => file.startsWith(name)).sort(), [
    `${name}.1.xml`,
    `${name}.xml`,
  ]);
  assert.match(files.get(`${name}.1.xml`)?.bytes.toString() ?? '', /more="1"/);
  assert.equal(files.size, before + 2 + 1);
});

test('a pull gets the buckets that cover what it asks for, moves no watermark and says what is not over', async (t) => {
  const made = bench(t, { reportPeriod: 'hour' });
  pass(made, 6 * HOUR + 30 * 60);
  const schedule = made.settings.schedules[0];
  assert.ok(schedule);
  const pull = (name: string, from: number, to: number) =>
    makePullRun(made.services.state, made.settings, {
      now: made.clock.now,
      name,
      transfers: transfersOf(schedule),
      selection: { by: 'start_time', from, to },
    });
  const run = await pull('one', newYear + HOUR + 10, newYear + 4 * HOUR + 10);
  assert.deepEqual(await plan(made, run), { status: 'done', refused: {}, more: false });
  await fetchAll(made, run);
  assert.deepEqual(
    made.asked
      .sort((a, b) => a.from - b.from)
      .map(({ from, to }) => [(from - newYear) / HOUR, (to - newYear) / HOUR]),
    [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ],
  );
  assert.deepEqual((await progress(made, run)).alarms, []);
  assert.equal(await readWatermark(made.services.state, 'site', KEY), undefined);
  // Again, and until tomorrow: what is there is not fetched again, what is not over is left out.
  const open = await pull('two', newYear + 4 * HOUR, newYear + 2 * DAY);
  await plan(made, open);
  await fetchAll(made, open);
  assert.equal(made.asked.length, 5);
  const { counts, alarms } = await progress(made, open);
  assert.deepEqual([counts.owed, counts.stored, counts.repeated], [2, 1, 1]);
  assert.match(
    alarms.join(),
    /Team Activity .* hours \(UTC\): what follows 2026-01-01T06:00Z is not over yet/,
  );
  // A long one goes on where the step before stopped.
  const long = await pull('three', newYear - 20 * DAY, newYear);
  let after: number | undefined;
  let steps = 0;
  do {
    after = (await plan(made, long, after)).after;
    steps++;
  } while (after !== undefined);
  assert.equal(steps, 3);
  assertCovers(await windows(made), newYear - 20 * DAY, newYear);
});

test('what an appliance or an account cannot give fails by itself, with one line', async (t) => {
  for (const [info, transfer, code, words] of [
    [
      { permissions: { perm_reporting: '0' } },
      {},
      'no-permission',
      /may not read Team Activity .*perm_reporting is 0/,
    ],
    [
      { product: 'PRA' },
      { dataTypes: ['exit-survey'] },
      'not-of-this-product',
      /is Privileged Remote Access, which has no Exit Surveys/,
    ],
  ] as const) {
    const made = bench(t, transfer);
    pass(made, HOUR);
    made.at.info = info;
    const { refused } = await plan(made, await made.run());
    const [failure, ...more] = Object.values(refused);
    assert.deepEqual([failure?.kind, failure?.code, more.length], ['terminal', code, 0]);
    assert.match(failure?.message ?? '', words);
    assert.match(failure?.message ?? '', /^Site "Site" \(site\.example\.com\)/);
    assert.ok(!failure?.message.includes('\n'));
  }
});

test('a failure of the appliance while planning moves nothing', async (t) => {
  const made = bench(t, { begin: { kind: 'days-back', days: 1 } });
  pass(made, HOUR);
  const down = makeWorkbench(t, {
    transfers: [{ site: 'site', destination: 'folder', dataTypes: ['team-activity'] }],
    appliance: {
      info: async () => {
        throw new Failure('transient', 'connection-lost', 'gone');
      },
    },
  });
  const run = await down.scheduleRun();
  const outcome = await planBuckets(down.services, { runId: run.id, siteId: 'site', without: [] });
  assert.equal(outcome.status, 'failed');
  assert.equal(await readWatermark(down.services.state, 'site', KEY), undefined);
});

test('in a database a second reading takes the place of the first', async (t) => {
  const made = bench(t, { destination: 'database', begin: { kind: 'now' }, reportPeriod: 'hour' });
  const team = (name: string) =>
    `<team_activity_list><team_activity id="1" name="${name}"/></team_activity_list>`;
  made.content.of = ({ from }) => team(`as of ${(from - newYear) / HOUR}`);
  const turn = async () => {
    const run = await made.run();
    await plan(made, run);
    await fetchAll(made, run);
    return (await runProgress(made.services.state, run.id)).get('site|team-activity|database')?.counts;
  };
  await turn();
  pass(made, 3 * HOUR + 20 * 60);
  assert.equal((await turn())?.stored, 3);
  made.at.appliance -= 2 * HOUR;
  await turn();
  made.content.of = ({ from }) => team(`again ${(from - newYear) / HOUR}`);
  pass(made, 2 * HOUR);
  assert.equal((await turn())?.stored, 2);
  using database = new DatabaseSync(made.database, { readOnly: true });
  const names = database.prepare('select name from ic_team order by name').all();
  assert.deepEqual(
    names.map(({ name }) => name),
    ['again 1', 'again 2', 'as of 0'],
  );
});

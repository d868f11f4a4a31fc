import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { LogFiles } from '../infra/local/log-files.ts';
import { type LogLine, type LogQuery, levels } from '../shared/log.ts';
import type { LogStore } from '../shared/runs/log-book.ts';
import { matches } from '../shared/runs/log-line.ts';
import { StateLog } from '../shared/runs/state-log.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';

const HOUR = 3_600_000;
const noon = Date.UTC(2026, 10, 21, 12);

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'logs-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const stores: Readonly<Record<string, (t: TestContext) => LogStore>> = {
  'files a day': (t) => new LogFiles(join(folder(t), 'logs')),
  'the state store': (t) => {
    const state = openSqliteState(':memory:');
    t.after(() => state.close());
    return new StateLog(state, { waitMs: 5 });
  },
};

const lineOf = (ms: number, message: string, more: object = {}): LogLine => ({
  time: new Date(ms).toISOString(),
  level: 'info',
  message,
  log: 'service',
  ...more,
});

const write = (store: LogStore, lines: readonly LogLine[]) => {
  for (const line of lines) store.write(line, JSON.stringify(line));
};

async function readAll(store: LogStore, query: LogQuery): Promise<LogLine[]> {
  const all: LogLine[] = [];
  let next: string | undefined;
  do {
    const page = await store.read({ ...query, ...(next === undefined ? {} : { next }) });
    assert.ok(page.lines.length <= query.limit);
    all.push(...page.lines);
    next = page.next;
  } while (next !== undefined);
  return all;
}

for (const [name, open] of Object.entries(stores)) {
  test(`${name}: what was written is read newest first, by every filter and in pages of any size`, async (t) => {
    const store = open(t);
    const lines = Array.from({ length: 450 }, (_, at) =>
      lineOf(noon + at * 12 * 60_000, `Line ${at} ÄÖ€`, {
        level: levels[at % 4],
        log: at % 5 === 0 ? 'client' : 'service',
        run: `run-${at % 7}`,
        site: at % 3 === 0 ? 'main' : 'other',
        reason: at % 50 === 0 ? 'Disk\nFull' : undefined,
      }),
    ).map((line) => JSON.parse(JSON.stringify(line)) as LogLine);
    for (let at = 0; at < lines.length; at += 60) {
      write(store, lines.slice(at, at + 60));
      await store.flush();
    }
    const instant = fc.integer({ min: 0, max: 100 }).map((hours) => noon + (hours - 4) * HOUR);
    const query = fc.record(
      {
        level: fc.constantFrom(...levels),
        log: fc.constantFrom('client' as const, 'service' as const),
        run: fc.constantFrom('run-3', 'nobody'),
        site: fc.constantFrom('main', 'nowhere'),
        text: fc.constantFrom('disk', 'LINE 4', 'ö€', 'run-2', 'x'),
        from: instant,
        to: instant,
        limit: fc.constantFrom(1, 7, 200, 1000),
      },
      { requiredKeys: ['limit'] },
    ) as fc.Arbitrary<LogQuery>;
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        const wanted = lines.filter((line) => matches(line, asked)).toReversed();
        assert.deepEqual(await readAll(store, asked), wanted);
      }),
      { numRuns: 40, examples: [[{ limit: 3 }], [{ limit: 1000 }]] },
    );
    await assert.rejects(store.read({ limit: 1, next: 'nonsense' }), RangeError);
  });

  test(`${name}: whole days are removed by age, and the rest stays`, async (t) => {
    const store = open(t);
    const lines = [0, 1, 2, 3].flatMap((day) =>
      [0, 11].map((hour) => lineOf(noon + (day * 24 + hour) * HOUR, `${day} ${hour}`)),
    );
    write(store, lines);
    await store.flush();
    assert.equal(await store.remove(noon + 49 * HOUR), 2);
    assert.equal(await store.remove(noon + 49 * HOUR), 0);
    const left = await readAll(store, { limit: 10 });
    assert.deepEqual(
      left.map(({ message }) => message),
      ['3 11', '3 0', '2 11', '2 0'],
    );
    write(store, [lineOf(noon, 'late')]);
    await store.flush();
    assert.deepEqual((await readAll(store, { limit: 10, text: 'late' })).length, 1);
  });

  test(`${name}: an empty log is read, removed and flushed`, async (t) => {
    const store = open(t);
    await store.flush();
    assert.deepEqual(await store.read({ limit: 10 }), { lines: [] });
    assert.equal(await store.remove(noon), 0);
  });
}

test('files: a half line of a killed process hides nothing else, and only the owner may read them', async (t) => {
  const at = join(folder(t), 'logs');
  const store = new LogFiles(at);
  write(store, [lineOf(noon, 'one')]);
  const file = join(at, '2026-11-21.ndjson');
  appendFileSync(file, '{"time":"2026-11-21T12:');
  appendFileSync(file, '\n');
  write(store, [lineOf(noon + 1, 'two')]);
  appendFileSync(file, '{"half');
  assert.deepEqual(
    (await readAll(store, { limit: 1 })).map(({ message }) => message),
    ['two', 'one'],
  );
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o77, 0);
});

test('files: they go to another folder when told so, and what cannot be written is said once', async (t) => {
  const [first, second] = [join(folder(t), 'a'), join(folder(t), 'b')];
  const said: string[] = [];
  const store = new LogFiles(first, (line) => said.push(line));
  write(store, [lineOf(noon, 'one')]);
  store.moveTo(second);
  write(store, [lineOf(noon, 'two')]);
  store.moveTo(join(first, '2026-11-21.ndjson'));
  write(store, [lineOf(noon, 'lost'), lineOf(noon, 'lost')]);
  store.moveTo(undefined);
  write(store, [lineOf(noon, 'three')]);
  const text = (at: string) => readFileSync(join(at, readdirSync(at)[0] ?? ''), 'utf8');
  assert.match(text(first), /one.*\n.*three/);
  assert.match(text(second), /two/);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /cannot be written \((EEXIST|ENOTDIR)\); lines are lost/);
});

function counted(state: StateStore, fails: () => boolean): StateStore & { puts: number } {
  const counting = {
    puts: 0,
    get: state.get.bind(state),
    list: state.list.bind(state),
    insert: state.insert.bind(state),
    update: state.update.bind(state),
    remove: state.remove.bind(state),
    batch: state.batch.bind(state),
    close: state.close.bind(state),
    put: async (...row: Parameters<StateStore['put']>) => {
      counting.puts++;
      if (fails()) throw new Error('away');
      return state.put(...row);
    },
  };
  return counting as StateStore & { puts: number };
}

test('state: lines of some seconds are one storage call, and a quiet process makes none', async (t) => {
  const state = openSqliteState(':memory:');
  t.after(() => state.close());
  const calls = counted(state, () => false);
  const store = new StateLog(calls, { waitMs: 60_000 });
  write(
    store,
    Array.from({ length: 150 }, (_, at) => lineOf(noon + at, String(at))),
  );
  await store.flush();
  assert.equal(calls.puts, 2, 'the day, and one row');
  write(
    store,
    Array.from({ length: 150 }, (_, at) => lineOf(noon + 500 + at, String(at))),
  );
  await store.flush();
  await store.flush();
  assert.equal(calls.puts, 3);
});

test('state: while it is away lines wait in their order, and those that find no room are counted', async (t) => {
  const state = openSqliteState(':memory:');
  t.after(() => state.close());
  let away = true;
  const store = new StateLog(
    counted(state, () => away),
    { waitMs: 60_000, now: () => noon + 10_000 },
  );
  write(
    store,
    Array.from({ length: 3000 }, (_, at) => lineOf(noon + at, String(at))),
  );
  await store.flush();
  write(
    store,
    Array.from({ length: 3000 }, (_, at) => lineOf(noon + 3000 + at, String(3000 + at))),
  );
  away = false;
  await store.flush();
  const lines = (await readAll(store, { limit: 1000 })).toReversed();
  const told = lines.filter(({ level }) => level === 'error');
  assert.deepEqual(
    told.map(({ message, lines: lost }) => [message, lost]),
    [['Lines were lost: the log could not be written', 1000]],
  );
  assert.deepEqual(
    lines.filter(({ level }) => level === 'info').map(({ message }) => Number(message)),
    Array.from({ length: 5000 }, (_, at) => at + 1000),
  );
});

test('state: a loop that logs does not fill the store, what went wrong is kept all the same', async (t) => {
  const state = openSqliteState(':memory:');
  t.after(() => state.close());
  let now = noon;
  const store = new StateLog(state, { waitMs: 60_000, mostAnHour: 10, now: () => now });
  write(
    store,
    Array.from({ length: 25 }, (_, at) => lineOf(now, String(at))),
  );
  write(store, [lineOf(now, 'broken', { level: 'error' })]);
  now += HOUR;
  write(store, [lineOf(now, 'after')]);
  await store.flush();
  const lines = (await readAll(store, { limit: 100 })).toReversed();
  assert.deepEqual(
    lines.slice(10).map(({ message, lines: left }) => [message, left]),
    [
      ['broken', undefined],
      ['Lines were not kept: too many in an hour', 15],
      ['after', undefined],
    ],
  );
});

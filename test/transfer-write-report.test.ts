import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runProgress } from '../shared/runs/progress.ts';
import type { Run } from '../shared/runs/run.ts';
import { ledgerPartition, type OwedItem } from '../shared/transfer/ledger.ts';
import { openSessions } from '../shared/transfer/open-sessions.ts';
import { planLooks } from '../shared/transfer/plan-looks.ts';
import { type WriteInput, writeReport } from '../shared/transfer/write-report.ts';
import { filesIn } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import {
  inChunks,
  lsidOf,
  makeWorkbench,
  newYear,
  reportXml,
  sessionXml,
  type Workbench,
} from './support/workbench.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const documents = 'site|session-data|folder';
const records = 'site|session-data|database';
const recordings = 'site|session-recording|folder';

interface Writing {
  readonly bench: Workbench;
  readonly run: Run;
  write(input: Partial<WriteInput> & { readonly report?: readonly string[] }): Promise<void>;
  open(transfer: string): Promise<[string, number | undefined][]>;
}

async function writing(context: TestContext): Promise<Writing> {
  const bench = makeWorkbench(context);
  const run = await bench.scheduleRun();
  let names = 0;
  return {
    bench,
    run,
    async write({ report, ...rest }) {
      const staged = `${run.id}/${names++}.xml`;
      if (report) await bench.services.staging.write(staged, inChunks(reportXml(...report)));
      const outcome = await writeReport(bench.services, {
        runId: run.id,
        siteId: 'site',
        transfer: documents,
        reading: 'ended',
        part: `part-${names}`,
        readAt: bench.clock.now,
        appliance: newYear,
        ours: newYear,
        ...(report ? { staged } : {}),
        ...rest,
      });
      assert.equal(outcome.status, 'done', JSON.stringify(outcome));
    },
    async open(transfer) {
      const rows = await openSessions(bench.services.state, transfer, Number.POSITIVE_INFINITY);
      return rows.map(({ lsid, missed }) => [lsid, missed]);
    },
  };
}

const closed = (number: number, more: { recording?: boolean } = {}) =>
  sessionXml(lsidOf(number), { start: newYear - 2 * HOUR, end: newYear - HOUR, ...more });
const running = (number: number, start = newYear - HOUR) => sessionXml(lsidOf(number), { start });
const documentsIn = ({ files }: Workbench): string[] => [...filesIn(files).keys()];
const documentOf = (number: number) => `site.example.com-support-${lsidOf(number)}.xml`;

async function owed({ services }: Workbench): Promise<OwedItem[]> {
  const page = await services.state.list<OwedItem>('ledger', ledgerPartition('site', 'session-recording'));
  return page.entries.map(({ value }) => value);
}

test('of a window of ended sessions each becomes a document, a record, and its recording is owed', async (t) => {
  const { bench, write, open } = await writing(t);
  const report = [closed(1, { recording: true }), closed(2)];
  for (const transfer of [documents, records, recordings]) await write({ transfer, report });
  assert.deepEqual(documentsIn(bench), [documentOf(1), documentOf(2)]);
  assert.equal(readSqlContent(bench.database).sessions('site.example.com').size, 2);
  assert.deepEqual(
    (await owed(bench)).map(({ item, state }) => [item.key, item.extension, state]),
    [[lsidOf(1), 'flv', 'pending']],
  );
  assert.deepEqual(await open(documents), []);
});

test('a report that names a session twice is written once, wherever it goes', async (t) => {
  const { bench, write } = await writing(t);
  const report = [closed(1, { recording: true }), closed(2), closed(1, { recording: true })];
  for (const transfer of [documents, records, recordings]) await write({ transfer, report });
  assert.deepEqual(documentsIn(bench), [documentOf(1), documentOf(2)]);
  assert.equal(readSqlContent(bench.database).sessions('site.example.com').size, 2);
  assert.equal((await owed(bench)).length, 1);
});

test('of sessions that began in a window only the open ones are taken, and remembered', async (t) => {
  const { bench, write, open } = await writing(t);
  const report = [closed(1), running(2)];
  await write({ transfer: documents, reading: 'began', report });
  await write({ transfer: records, reading: 'began', report });
  assert.deepEqual(await open(documents), [[lsidOf(2), undefined]]);
  assert.deepEqual(await open(records), [[lsidOf(2), undefined]]);
  assert.deepEqual([...readSqlContent(bench.database).sessions('site.example.com').keys()], [lsidOf(2)]);
  // No document while it runs.
  assert.deepEqual(documentsIn(bench), []);
});

test('a session that closed is forgotten once it is stored, however it was met', async (t) => {
  const { bench, write, open } = await writing(t);
  await write({ reading: 'began', report: [running(1), running(2)] });
  await write({ reading: 'ended', report: [closed(1)] });
  assert.deepEqual(await open(documents), [[lsidOf(2), undefined]]);
  await write({ reading: 'named', expected: [lsidOf(2)], report: [closed(2)] });
  assert.deepEqual(await open(documents), []);
  assert.deepEqual(documentsIn(bench), [documentOf(1), documentOf(2)]);
});

test('of named sessions only those that the transfer waits for are taken', async (t) => {
  const { bench, write } = await writing(t);
  await write({ reading: 'began', report: [running(1)] });
  await write({ reading: 'named', expected: [lsidOf(1), lsidOf(9)], report: [closed(1), closed(9)] });
  assert.deepEqual(documentsIn(bench), [documentOf(1)]);
});

test('a session without an end is final after the set hours, looked at daily, and given up after ninety days', async (t) => {
  const { bench, run, write, open } = await writing(t);
  const young = newYear - 72 * HOUR;
  await write({
    reading: 'began',
    report: [running(1, young), running(2, young - 1), running(3, newYear - 91 * DAY)],
  });
  assert.deepEqual(documentsIn(bench), [documentOf(2), documentOf(3)]);
  assert.deepEqual(await open(documents), [
    [lsidOf(1), undefined],
    [lsidOf(2), undefined],
  ]);
  const looksAt = async (appliance: number) => {
    const looks = await planLooks(bench.services, { runId: run.id, siteId: 'site', appliance, without: [] });
    assert.ok(looks.status === 'done');
    return looks.batches.flatMap(({ lsids }) => lsids);
  };
  assert.deepEqual(await looksAt(newYear), [], 'not again in the run that has just read them');
  assert.deepEqual(await looksAt(newYear + 60), [lsidOf(1)]);
  assert.deepEqual(await looksAt(newYear + DAY), [lsidOf(1), lsidOf(2)]);
});

test('an open session that the appliance no longer knows is set aside after three looks', async (t) => {
  const { bench, write, open } = await writing(t);
  await write({ reading: 'began', report: [running(1), running(2)] });
  const look = () => write({ reading: 'named', expected: [lsidOf(1), lsidOf(2)], report: [running(2)] });
  await look();
  assert.deepEqual(await open(documents), [
    [lsidOf(1), 1],
    [lsidOf(2), undefined],
  ]);
  await look();
  await look();
  assert.deepEqual(await open(documents), [[lsidOf(2), undefined]]);
  const page = await bench.services.state.list<OwedItem>('ledger', ledgerPartition('site', 'session-data'));
  assert.deepEqual(
    page.entries.map(({ value }) => [value.item.key, value.state, value.lastFailure?.code]),
    [[lsidOf(1), 'set-aside', 'session-vanished']],
  );
});

test('an answer with nothing in it counts as a miss of all that were asked for', async (t) => {
  const { write, open } = await writing(t);
  await write({ reading: 'began', report: [running(1)] });
  await write({ reading: 'named', expected: [lsidOf(1)] });
  assert.deepEqual(await open(documents), [[lsidOf(1), 1]]);
});

test('a piece of work that is done again counts once', async (t) => {
  const { bench, run, write } = await writing(t);
  const report = [closed(1), closed(2)];
  for (let times = 0; times < 2; times++) await write({ part: 'the-same', report });
  const progress = await runProgress(bench.services.state, run.id);
  assert.equal(progress.get(documents)?.counts.found, 2);
  assert.equal(documentsIn(bench).length, 2);
});

test('a run that is cancelled writes nothing more', async (t) => {
  const { bench, run } = await writing(t);
  const cancelled: Run = { ...run, cancelRequested: true };
  await bench.services.state.put('runs', 'run', run.id, cancelled);
  const outcome = await writeReport(bench.services, {
    runId: run.id,
    siteId: 'site',
    transfer: documents,
    reading: 'ended',
    part: 'p',
    readAt: 0,
    appliance: newYear,
    ours: newYear,
    staged: 'nothing/there.xml',
  });
  assert.deepEqual(outcome, { status: 'cancelled' });
});

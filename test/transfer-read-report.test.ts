import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReportBody, SessionSelector } from '../shared/appliance/appliance.ts';
import { Failure } from '../shared/errors.ts';
import { changeRun, type Run } from '../shared/runs/run.ts';
import { type ReadReport, readReport } from '../shared/transfer/read-report.ts';
import type { Outcome } from '../shared/transfer/work.ts';
import {
  inChunks,
  lsidOf,
  makeWorkbench,
  newYear,
  reportXml,
  sessionXml,
  type Workbench,
} from './support/workbench.ts';

const week: SessionSelector = { by: 'end_time', from: newYear - 7 * 86_400, to: newYear };
const report = (sessions: number) =>
  reportXml(
    ...Array.from({ length: sessions }, (_, at) =>
      sessionXml(lsidOf(at), { start: newYear - 60, end: newYear - 30 }),
    ),
  );

interface Reading {
  readonly bench: Workbench;
  /** Selectors that were asked for. */
  readonly asked: SessionSelector[];
  read(selector?: SessionSelector, largest?: number): Promise<Outcome<ReadReport>>;
  staged(): Promise<string[]>;
}

async function reading(
  context: TestContext,
  answer: (times: number, signal: AbortSignal | undefined) => ReportBody | undefined,
): Promise<Reading> {
  const asked: SessionSelector[] = [];
  const bench = makeWorkbench(context, {
    appliance: {
      async sessionReport(selector, call) {
        asked.push(selector);
        return answer(asked.length, call?.signal);
      },
    },
  });
  const run = await bench.scheduleRun();
  return {
    bench,
    asked,
    read: (selector = week, largest) =>
      largest === undefined
        ? readReport(bench.services, { runId: run.id, siteId: 'site', selector })
        : readReport(bench.services, { runId: run.id, siteId: 'site', selector }, largest),
    async staged() {
      const names: string[] = [];
      for await (const { name } of bench.services.staging.list(`${run.id}/`)) names.push(name);
      return names;
    },
  };
}

test('a report is staged as it was sent, and its sessions are counted', async (t) => {
  const text = report(120);
  const { bench, read } = await reading(t, () => ({ chunks: inChunks(text, 999) }));
  const outcome = await read();
  assert.ok(outcome.status === 'done' && outcome.staged !== undefined, JSON.stringify(outcome));
  assert.deepEqual([outcome.sessions, outcome.tooLarge], [120, false]);
  assert.equal((await buffer(bench.services.staging.read(outcome.staged))).toString(), text);
});

test('nothing found is nothing staged', async (t) => {
  const { read, staged } = await reading(t, () => undefined);
  const outcome = await read();
  assert.ok(outcome.status === 'done');
  assert.deepEqual([outcome.staged, outcome.sessions, outcome.tooLarge], [undefined, 0, false]);
  assert.deepEqual(await staged(), []);
});

test('a slice with more than one piece of work can read is told as too large, and nothing of it is kept', async (t) => {
  let sent = 0;
  const { read, staged, asked } = await reading(t, () => ({
    chunks: (async function* () {
      for await (const chunk of inChunks(report(5000))) {
        sent += chunk.length;
        yield chunk;
      }
    })(),
  }));
  const outcome = await read(week, 100_000);
  assert.ok(outcome.status === 'done');
  assert.deepEqual([outcome.staged, outcome.tooLarge], [undefined, true]);
  assert.deepEqual(await staged(), []);
  assert.equal(asked.length, 1, 'it is no failure: it is not tried again');
  assert.ok(sent < 200_000, 'the rest was not read');
});

test('what cannot be halved any more is read whole, however large', async (t) => {
  const { read } = await reading(t, () => ({ chunks: inChunks(report(300)) }));
  for (const selector of [
    { by: 'end_time', from: newYear, to: newYear + 1 },
    { by: 'lsids', lsids: [lsidOf(1)] },
  ] as const) {
    const outcome = await read(selector, 10_000);
    assert.ok(outcome.status === 'done');
    assert.deepEqual([outcome.sessions, outcome.tooLarge], [300, false]);
  }
});

test('a slice that takes longer than a piece of work may is halved too', async (t) => {
  const slow = await reading(t, () => ({
    chunks: (async function* () {
      for await (const chunk of inChunks(report(300), 1000)) {
        slow.bench.clock.now += 60_000;
        yield chunk;
      }
    })(),
  }));
  const outcome = await slow.read();
  assert.ok(outcome.status === 'done' && outcome.tooLarge);
});

test('a report that was cut off is read again, and only the whole one is kept', async (t) => {
  const { read, staged, asked } = await reading(t, (times) => ({
    chunks: inChunks(times === 1 ? report(50).slice(0, 5000) : report(50)),
  }));
  const outcome = await read();
  assert.ok(outcome.status === 'done');
  assert.equal(outcome.sessions, 50);
  assert.equal(asked.length, 2);
  assert.deepEqual(await staged(), [outcome.staged]);
});

test('a report that is cut off each time is a failure, and nothing is kept of it', async (t) => {
  const { read, staged } = await reading(t, () => ({ chunks: inChunks(report(50).slice(0, 5000)) }));
  const outcome = await read();
  assert.ok(outcome.status === 'failed');
  assert.deepEqual([outcome.failure.kind, outcome.failure.code], ['transient', 'truncated']);
  assert.deepEqual(await staged(), []);
});

test('what a person has to put right is not tried again', async (t) => {
  const { read, asked } = await reading(t, () => {
    throw new Failure('terminal', 'wrong-secret', 'Site "Site": the secret is wrong.');
  });
  assert.deepEqual(await read(), {
    status: 'failed',
    failure: { kind: 'terminal', code: 'wrong-secret', message: 'Site "Site": the secret is wrong.' },
  });
  assert.equal(asked.length, 1);
});

test('a run that is cancelled stops reading', async (t) => {
  const stopping = await reading(t, (_, signal) => ({
    chunks: (async function* () {
      yield Buffer.from(report(1).slice(0, 100));
      const page = await stopping.bench.services.state.list<Run>('runs', 'run');
      for (const { value } of page.entries)
        await changeRun(stopping.bench.services.state, value.id, (run) => ({
          ...run,
          cancelRequested: true,
        }));
      // As a connection does that says nothing more.
      await pause(20_000, undefined, signal ? { signal } : {});
    })(),
  }));
  const began = performance.now();
  assert.deepEqual(await stopping.read(), { status: 'cancelled' });
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(await stopping.staged(), []);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../shared/errors.ts';
import { getRun } from '../shared/runs/run.ts';
import { stateKey } from '../shared/state/state-store.ts';
import { type DrainInput, drain } from '../shared/transfer/drain.ts';
import { ledgerPartition, type OwedItem } from '../shared/transfer/ledger.ts';
import { oweSnapshot } from '../shared/transfer/owe-snapshot.ts';
import { finishRun } from '../shared/transfer/run-steps.ts';
import { filesIn } from './support/job.ts';
import { makeWorkbench, type Workbench } from './support/workbench.ts';

/** How a download goes on after its first half. */
type End = 'whole' | 'never' | 'refused';

interface Backups {
  readonly bench: Workbench;
  readonly input: DrainInput;
  /** Downloads that were begun, and what ends them. */
  readonly begun: ((end: End) => void)[];
}

async function backups(context: TestContext): Promise<Backups> {
  const begun: ((end: End) => void)[] = [];
  async function* body(serial: number, end: Promise<End>): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`half ${serial}`);
    const how = await end;
    if (how === 'refused') throw new Failure('item', 'refused', 'The appliance will not.');
    if (how === 'never') await new Promise(() => {});
    yield Buffer.from('and all');
  }
  const bench = makeWorkbench(context, {
    appliance: {
      backup: async () => {
        const end = Promise.withResolvers<End>();
        const serial = begun.push(end.resolve);
        return { chunks: body(serial, end.promise), evidence: { kind: 'length', bytes: 13 } };
      },
    },
  });
  const run = await bench.scheduleRun();
  await oweSnapshot(bench.services, { runId: run.id, siteId: 'site', stream: 'backup' });
  return { bench, begun, input: { runId: run.id, siteId: 'site', stream: 'backup', part: 0, without: [] } };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < 500, 'it never came');
    await pause(10);
  }
}

async function owed({ services }: Workbench): Promise<OwedItem[]> {
  const page = await services.state.list<OwedItem>('ledger', ledgerPartition('site', 'backup'));
  return page.entries.map(({ value }) => value);
}

test('a drain that is delivered twice is done, either time, only when the file is stored', async (t) => {
  const { bench, begun, input } = await backups(t);
  const ended: string[] = [];
  const first = drain(bench.services, input).then(() => ended.push('first'));
  const second = drain(bench.services, input).then(() => ended.push('second'));
  await until(() => begun.length === 2);
  await pause(50);
  assert.deepEqual(ended, [], 'nothing is stored yet');
  for (const end of begun) end('whole');
  await Promise.all([first, second]);
  assert.equal(filesIn(bench.files).size, 1);
  assert.deepEqual(await owed(bench), []);
});

test('of two deliveries of a drain one may die, and the other stores the file', async (t) => {
  const { bench, begun, input } = await backups(t);
  const both = [drain(bench.services, input), drain(bench.services, input)];
  await until(() => begun.length === 2);
  begun[0]?.('never');
  begun[1]?.('whole');
  assert.equal((await Promise.race(both)).status, 'done');
  assert.equal(filesIn(bench.files).size, 1);
  assert.deepEqual(await owed(bench), []);
});

test('of two deliveries of a drain both are refused, and that is one failed attempt', async (t) => {
  const { bench, begun, input } = await backups(t);
  const both = [drain(bench.services, input), drain(bench.services, input)];
  await until(() => begun.length === 2);
  for (const end of begun) end('refused');
  await Promise.all(both);
  const [row, ...others] = await owed(bench);
  assert.deepEqual(
    [row?.attempts, row?.lastFailure?.code, row?.underWay, others],
    [1, 'refused', undefined, []],
  );
});

test('a snapshot whose host died between storing and saying so is there already, and not missed', async (t) => {
  const { bench, begun, input } = await backups(t);
  const { state } = bench.services;
  const first = drain(bench.services, input);
  await until(() => begun.length === 1);
  begun[0]?.('whole');
  await first;
  const parts = stateKey('part', input.runId);
  const said = (await state.list('runs', parts)).entries.filter(({ key }) => key.includes('drain'));
  assert.equal(said.length, 1);
  for (const { key } of said) await state.remove('runs', parts, key);
  await drain(bench.services, input);
  assert.equal(begun.length, 1, 'it is not read again');
  await finishRun(bench.services, { runId: input.runId, failures: {}, cancelled: false });
  const run = await getRun(state, input.runId);
  const result = run?.results?.find(({ stream }) => stream === 'backup');
  assert.deepEqual([result?.status, result?.counts.found, result?.counts.repeated], ['succeeded', 1, 1]);
});

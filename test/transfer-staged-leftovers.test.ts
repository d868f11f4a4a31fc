import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishRun } from '../shared/transfer/run-steps.ts';
import { inChunks, makeWorkbench, type Workbench } from './support/workbench.ts';

async function staged({ services }: Workbench): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of services.staging.list('')) names.push(name);
  return names;
}

test('a run that ends removes what it staged, and what came after the end of others, but not what others work on', async (t) => {
  const bench = makeWorkbench(t);
  const { staging, state } = bench.services;
  const [past, going, ending] = [
    await bench.scheduleRun(),
    await bench.scheduleRun(),
    await bench.scheduleRun(),
  ];
  const end = (runId: string) => finishRun(bench.services, { runId, failures: {}, cancelled: false });
  await end(past.id);
  // A reading that was delivered twice may come to its end after its run has.
  for (const { id } of [past, going, ending]) await staging.write(`${id}/slice.xml`, inChunks('<x/>'));
  await staging.write('0000000000000-purged/slice.xml', inChunks('<x/>'));
  await end(ending.id);
  assert.deepEqual(await staged(bench), [`${going.id}/slice.xml`]);
  await end(going.id);
  assert.deepEqual(await staged(bench), []);
  assert.equal((await state.list('runs', 'run')).entries.length, 3);
});

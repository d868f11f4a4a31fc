import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openFileDestination } from '../shared/destinations/file/file-destination.ts';
import { silentLog } from '../shared/log.ts';
import type { Run } from '../shared/runs/run.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { drain } from '../shared/transfer/drain.ts';
import { ledgerPartition, type OwedItem } from '../shared/transfer/ledger.ts';
import { planBuckets } from '../shared/transfer/plan-buckets.ts';
import { readWatermark } from '../shared/transfer/watermark.ts';
import { bindMethods, Interruption } from './support/interruption.ts';
import { MemoryFiles } from './support/memory-file-store.ts';
import { inChunks, makeWorkbench, newYear, type Workbench } from './support/workbench.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** One installation that outlives its processes. */
interface Place {
  readonly files: MemoryFiles;
  readonly state: StateStore;
}

/** A process that works there, over this access to the state. */
function startProcess(context: TestContext, { files }: Place, state: StateStore, hours: number): Workbench {
  const kept = bindMethods(state);
  kept.close = async () => {};
  const bench = makeWorkbench(context, {
    state: kept as unknown as StateStore,
    site: { requestsPerSecond: 100 },
    transfers: [
      {
        site: 'site',
        destination: 'folder',
        dataTypes: ['vault-account-activity'],
        begin: { kind: 'days-back', days: 4 },
      },
    ],
    appliance: {
      info: async () => ({ product: 'PRA', now: newYear + hours * HOUR, clock: 'command' }),
      vaultAccountActivity: async ({ from }) =>
        from === newYear - 2 * DAY ? undefined : { chunks: inChunks(`<list from="${from}"/>`) },
    },
  });
  bench.clock.now += hours * HOUR * 1000;
  const settings = { conflictHandling: 'AppendNumber', extension: 'guide' } as const;
  const about = { id: 'folder', name: 'Folder', settings, state, store: files.open(), log: silentLog };
  const destination = openFileDestination(about);
  return { ...bench, services: { ...bench.services, destination: async () => destination } };
}

async function work({ services }: Workbench, run: Run): Promise<void> {
  const stream = 'vault-account-activity';
  const planned = await planBuckets(services, { runId: run.id, siteId: 'site', without: [] });
  assert.equal(planned.status, 'done', JSON.stringify(planned));
  const drained = await drain(services, { runId: run.id, siteId: 'site', stream, part: 0, without: [] });
  assert.equal(drained.status, 'done', JSON.stringify(drained));
}

/** Killed at the n-th call to the state, begun again by the platform, then a run later. */
async function killedAt(
  context: TestContext,
  call: number,
  when: 'before' | 'after',
): Promise<'killed' | 'lived' | 'over'> {
  const place = { files: new MemoryFiles(), state: openSqliteState(':memory:') };
  const run = await startProcess(context, place, place.state, 1).scheduleRun();
  const interruption = new Interruption('die', call, when);
  const dying = startProcess(context, place, interruption.state(place.state), 1);
  const ended = await Promise.race([
    work(dying, run).then(() => true),
    interruption.reached.then(() => false),
  ]);
  // A call that fails of itself is no moment after it.
  if (ended) return interruption.calls.length < call ? 'over' : 'lived';
  await work(startProcess(context, place, place.state, 2), run);
  const later = startProcess(context, place, place.state, 10);
  await work(later, await later.scheduleRun());
  const label = `killed ${when} call ${call}, ${interruption.calls.at(-1)}`;
  assert.deepEqual(
    [...place.files.visible.values()].map(({ name, bytes }) => [name, bytes.toString()]).sort(),
    [4, 3, 1].map((days) => [
      `site.example.com-vault-account-activity-202512${32 - days}T000000Z.xml`,
      `<list from="${newYear - days * DAY}"/>`,
    ]),
    label,
  );
  const partition = ledgerPartition('site', 'vault-account-activity');
  assert.deepEqual((await place.state.list<OwedItem>('ledger', partition)).entries, [], label);
  const mark = await readWatermark(place.state, 'site', 'site|vault-account-activity|folder');
  assert.equal(mark?.value.to, newYear, label);
  await place.state.close();
  return 'killed';
}

test('a process that dies at any call to the state leaves no bucket out and stores none twice', async (context) => {
  const deaths = { before: 0, after: 0 };
  for (const when of ['before', 'after'] as const) {
    let result: Awaited<ReturnType<typeof killedAt>>;
    // Every other: slots and looks for a cancel make most of them alike.
    for (let call = 1; ; call += 2) {
      result = await killedAt(context, call, when);
      if (result === 'over') break;
      if (result === 'killed') deaths[when]++;
    }
  }
  assert.ok(deaths.before > 20 && deaths.after > 20, JSON.stringify(deaths));
});

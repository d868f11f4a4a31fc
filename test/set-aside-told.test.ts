import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { runProgress } from '../shared/runs/progress.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { drain } from '../shared/transfer/drain.ts';
import { ledgerKey, ledgerPartition, type OwedItem, owe } from '../shared/transfer/ledger.ts';
import { rememberOpen } from '../shared/transfer/open-sessions.ts';
import { writeReport } from '../shared/transfer/write-report.ts';
import { lsidOf, makeWorkbench, newYear } from './support/workbench.ts';

/** State on a host that dies, once, when it is about to report what a piece of work did. */
function dyingBeforeReport(): StateStore & { dies: boolean } {
  const state = openSqliteState(':memory:');
  const host = { dies: false };
  const proxy = new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        if (host.dies && name === 'put' && given[0] === 'runs') {
          host.dies = false;
          throw new Error('the host died');
        }
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
  return Object.defineProperty(proxy, 'dies', {
    set: (dies: boolean) => {
      host.dies = dies;
    },
  }) as StateStore & { dies: boolean };
}

const recordings = 'site|session-recording|folder';

async function office(t: TestContext) {
  const state = dyingBeforeReport();
  const expired = new Failure('item', 'recording-expired', 'The recording has expired.');
  const bench = makeWorkbench(t, {
    state,
    appliance: { sessionRecording: () => Promise.reject(expired) },
  });
  const run = await bench.scheduleRun();
  const counts = async (transfer: string) => (await runProgress(state, run.id)).get(transfer);
  return { ...bench, state, run, counts };
}

function recordingOf(lsid: string) {
  return { item: { key: lsid, lsid, values: { LSID: lsid }, extension: 'flv' }, destinationId: 'folder' };
}

test('a recording that is given up by a host that dies then is told of by the run that goes on', async (t) => {
  const { services, state, run, counts } = await office(t);
  const lsids = [lsidOf(1), lsidOf(2)];
  await owe(state, 'site', 'session-recording', lsids.map(recordingOf), services.now());
  const input = { runId: run.id, siteId: 'site', stream: 'session-recording', part: 0, without: [] } as const;
  state.dies = true;
  assert.equal((await drain(services, input)).status, 'failed');
  const key = ledgerKey({ key: lsidOf(1) }, 'folder');
  const row = await state.get<OwedItem>('ledger', ledgerPartition('site', 'session-recording'), key);
  assert.equal(row?.value.state, 'set-aside');
  assert.equal((await drain(services, input)).status, 'done');
  const told = await counts(recordings);
  assert.equal(told?.counts.setAside, 2);
  assert.deepEqual(told?.alarms, ['The recording has expired.']);
  // Another piece of work of the run meets the rows again, and a later run: that is nothing new.
  assert.equal((await drain(services, { ...input, part: 1 })).status, 'done');
  assert.equal((await counts(recordings))?.counts.setAside, 2);
});

test('a session that vanished, on a host that dies then, is told of by the run that goes on', async (t) => {
  const { services, state, run, counts } = await office(t);
  const transfer = 'site|session-data|database';
  const lsid = lsidOf(3);
  await rememberOpen(state, transfer, { lsid, since: newYear - 100, nextLook: newYear, missed: 2 });
  const input = {
    runId: run.id,
    siteId: 'site',
    transfer,
    reading: 'named',
    expected: [lsid],
    part: 'named-1',
    readAt: services.now(),
    appliance: newYear,
    ours: newYear,
  } as const;
  state.dies = true;
  assert.equal((await writeReport(services, input)).status, 'failed');
  assert.equal((await writeReport(services, input)).status, 'done');
  assert.equal((await counts(transfer))?.counts.setAside, 1);
});

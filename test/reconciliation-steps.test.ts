import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SessionListingRow, SessionSelector, SessionWindow } from '../shared/appliance/appliance.ts';
import { allCoverage } from '../shared/reconciliation/coverage.ts';
import { reconcileSite, type SiteCursor, type SiteOutcome } from '../shared/reconciliation/reconcile-site.ts';
import { makeReconciliation } from '../shared/reconciliation/record.ts';
import { getRun } from '../shared/runs/run.ts';
import type { Services } from '../shared/services.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import type { StreamId } from '../shared/streams/stream.ts';
import { owe, setAside } from '../shared/transfer/ledger.ts';
import { inChunks, lsidOf, makeWorkbench, newYear, reportXml, sessionXml } from './support/workbench.ts';

const DAY = 86_400;
const now = newYear + 10 * DAY + DAY / 2;

interface Bench {
  readonly services: Services;
  readonly listed: SessionWindow[];
  readonly asked: SessionSelector[];
  /** Steps until the site is done, each done twice as a host may. */
  reconcile(days: number): Promise<{ readonly outcome: SiteOutcome; readonly steps: number }>;
  rows(): ReturnType<typeof allCoverage>;
}

/** One site whose appliance lists as the test says, read up to now by every transfer. */
async function bench(
  context: TestContext,
  list: (window: SessionWindow) => readonly SessionListingRow[],
  more: { readonly begin?: number; readonly dayMs?: number; readonly announces?: boolean } = {},
): Promise<Bench> {
  const listed: SessionWindow[] = [];
  const asked: SessionSelector[] = [];
  const made = makeWorkbench(context, {
    transfers: [
      { site: 'site', destination: 'folder', dataTypes: ['session-data', 'session-recording'] },
      { site: 'site', destination: 'database', dataTypes: ['session-data'] },
    ],
    appliance: {
      info: async () => ({ product: 'RS', now, clock: 'command' }),
      async *sessionListing(window) {
        listed.push(window);
        made.clock.now += more.dayMs ?? 0;
        yield* list(window);
      },
      async sessionReport(selector) {
        asked.push(selector);
        assert.ok(selector.by === 'lsids');
        const sessions = selector.lsids.map((lsid) =>
          sessionXml(lsid, { start: 1, end: 2, recording: more.announces ?? true }),
        );
        return { chunks: inChunks(reportXml(...sessions)) };
      },
    },
  });
  const { services, clock } = made;
  const { state } = services;
  clock.now = now * 1000;
  await saveSettings(state, made.settings);
  for (const key of ['session-data|folder', 'session-recording|folder', 'session-data|database'])
    await state.put('watermarks', 'site', `site|${key}`, {
      to: now,
      begin: more.begin ?? 0,
      at: now,
      offset: 0,
      by: 'test',
    });
  return {
    services,
    listed,
    asked,
    rows: () => allCoverage(state, 'site', { from: '2000-01-01', to: '2999-12-31' }),
    async reconcile(days) {
      clock.now += 1000;
      const id = `8-reconcile-${clock.now}`;
      const at = new Date(clock.now).toISOString();
      await makeReconciliation(state, { id, by: 'hand', at, sites: ['site'], days });
      let cursor: SiteCursor = { siteId: 'site' };
      for (let steps = 1; ; steps++) {
        assert.ok(steps < 50);
        const began = clock.now;
        await reconcileSite(services, { id, cursor });
        clock.now = began;
        const step = await reconcileSite(services, { id, cursor });
        if (step.status === 'done') return { outcome: step.outcome, steps };
        // It travels as JSON.
        cursor = JSON.parse(JSON.stringify(step.cursor)) as SiteCursor;
      }
    },
  };
}

const row = (number: number, hasRecording = false): SessionListingRow => ({
  lsid: lsidOf(number),
  hasRecording,
  externalKey: null,
});

test('a gap of many sessions is pulled by whole days, a small one by name; a repeat makes the same run', async (t) => {
  let many = 400;
  const { services, reconcile } = await bench(t, ({ from }) =>
    Array.from({ length: many }, (_, index) => row(from * 1000 + index)),
  );
  const { outcome } = await reconcile(3);
  assert.equal(outcome.failure, undefined);
  assert.equal(outcome.missing, 2400);
  assert.equal(outcome.pulls.length, 2);
  const runs = await Promise.all(outcome.pulls.map((id) => getRun(services.state, id)));
  const today = newYear + 10 * DAY;
  assert.deepEqual(
    runs.map((run) => run?.selection),
    [
      { by: 'end_time', from: today - 2 * DAY, to: today },
      { by: 'end_time', from: today - 3 * DAY, to: today },
    ],
  );
  assert.deepEqual(
    runs.map((run) => run?.transfers.map(({ stream, destinationId }) => `${stream} ${destinationId}`)),
    [
      ['session-data folder', 'session-recording folder', 'session-data database'],
      ['session-data folder', 'session-data database'],
    ],
  );
  assert.ok(runs.every((run) => run?.reconciliation !== undefined && run.kind === 'pull'));
  many = 2;
  const next = await reconcile(1);
  const named = await getRun(services.state, next.outcome.pulls[1] ?? '');
  assert.ok(named?.selection?.by === 'lsids');
});

test('a step stops when its time is up, and the next goes on after the last whole day', async (t) => {
  const { reconcile, listed, rows } = await bench(t, () => [], { dayMs: 100_000 });
  const { outcome, steps } = await reconcile(8);
  assert.equal(outcome.days, 8);
  assert.ok(steps > 2, `${steps} steps`);
  assert.equal(new Set(listed.map(({ from }) => from)).size, 8);
  assert.equal((await rows()).length, 24);
});

test('what stands in the ledger is no gap: owed, set aside, or forgotten by the appliance', async (t) => {
  const { services, reconcile, rows, asked } = await bench(t, () => [1, 2, 3, 4].map((n) => row(n, true)));
  const { state } = services;
  const stream: StreamId = 'session-recording';
  const item = (n: number) => ({ key: lsidOf(n), lsid: lsidOf(n), values: {}, extension: 'flv' });
  await owe(state, 'site', stream, [{ item: item(1), destinationId: 'folder' }], 0);
  const refuse = (n: number, code: string) =>
    setAside(state, 'site', stream, item(n), 'folder', { kind: 'item', code, message: code }, 0);
  await refuse(2, 'recording-refused');
  await refuse(3, 'recording-expired');
  await reconcile(1);
  const recording = (await rows()).find((one) => one.stream === stream);
  const { stored, owed, setAside: given, agedOut, missing, onAppliance } = recording ?? assert.fail();
  assert.deepEqual([stored, owed, given, agedOut, missing, onAppliance], [0, 1, 1, 1, 1, 4]);
  assert.deepEqual(
    new Set(asked.flatMap((one) => (one.by === 'lsids' ? one.lsids : []))),
    new Set([lsidOf(4)]),
  );
});

test('recordings that no session of a whole request announces are not asked for one by one', async (t) => {
  const { reconcile, rows, asked } = await bench(
    t,
    () => Array.from({ length: 400 }, (_, index) => row(index, true)),
    { announces: false },
  );
  await reconcile(1);
  // Each step was done twice.
  assert.equal(asked.length, 2);
  assert.equal((await rows()).find(({ stream }) => stream === 'session-recording')?.hidden, 400);
});

test('what lies before the begin of a transfer is not wanted', async (t) => {
  const begin = newYear + 8 * DAY + 3600;
  const { reconcile, listed, rows } = await bench(t, () => [], { begin });
  await reconcile(5);
  assert.deepEqual(new Set((await rows()).map(({ day }) => day)), new Set(['2026-01-09', '2026-01-10']));
  assert.equal(Math.min(...listed.map(({ from }) => from)), begin);
});

test('a listing that is cut short is no listing', async (t) => {
  let cut = true;
  const { reconcile, rows } = await bench(t, () => {
    if (cut) throw new Error('half of it came');
    return [row(1)];
  });
  const { outcome } = await reconcile(2);
  assert.equal(outcome.failure?.kind, 'internal');
  assert.deepEqual(await rows(), []);
  cut = false;
  assert.equal((await reconcile(2)).outcome.missing, 4);
});

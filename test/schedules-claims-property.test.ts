import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '../shared/log.ts';
import { liveWork } from '../shared/runs/live-runs.ts';
import { getRun, isFinished, type Run } from '../shared/runs/run.ts';
import { latestDue } from '../shared/schedules/recurrence.ts';
import { runNow } from '../shared/schedules/run-now.ts';
import { tick } from '../shared/schedules/tick.ts';
import type { Services } from '../shared/services.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { finishRun, startRun } from '../shared/transfer/run-steps.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';

const MINUTE = 60_000;
const start = Date.UTC(2026, 2, 29, 0, 30);

const settings = {
  sites: [
    {
      id: 'site',
      name: 'Site',
      host: 'site.example.com',
      account: { kind: 'oauth', clientId: 'client', secret: 'secret' },
    },
  ],
  destinations: [
    { id: 'folder', name: 'Folder', plugin: 'file', settings: { kind: 'folder', directory: '/nowhere' } },
  ],
  schedules: [
    {
      id: 'often',
      name: 'Often',
      every: { minutes: 7 },
      transfers: [{ site: 'site', destination: 'folder', dataTypes: ['session-data'] }],
    },
    {
      id: 'daily',
      name: 'Daily',
      every: { days: 1, at: '02:30', timeZone: 'Europe/Berlin' },
      transfers: [{ site: 'site', destination: 'folder', dataTypes: ['session-data'] }],
    },
  ],
};

/** A host that dies before the call with this number: what it had asked for before stays. */
function mortal(state: StateStore, calls: number): StateStore {
  let left = calls;
  return new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        if (left-- <= 0) throw new Error('dead');
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
}

type Step =
  | { readonly does: 'tick'; readonly hosts: readonly number[]; readonly hand: number | null }
  | { readonly does: 'pass'; readonly minutes: number }
  | { readonly does: 'hand'; readonly schedule: number; readonly calls: number }
  | { readonly does: 'end' }
  | { readonly does: 'engine'; readonly away: boolean };

/** Calls that a host lives for; most live on. */
const calls = fc.oneof({ weight: 2, arbitrary: fc.constant(1000) }, fc.integer({ min: 0, max: 14 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('tick' as const),
      hosts: fc.array(calls, { minLength: 1, maxLength: 3 }),
      // Somebody runs a schedule by hand at the same moment.
      hand: fc.option(fc.nat(1)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('pass' as const),
      minutes: fc.constantFrom(0.5, 1, 1, 3, 8, 60, 1500),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('hand' as const), schedule: fc.nat(1), calls }) },
  { weight: 3, arbitrary: fc.constant({ does: 'end' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('engine' as const), away: fc.boolean() }) },
);

test('whatever hosts do at once, late, twice or half: one run at a time, one for a due instant, none left out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const state = openSqliteState(':memory:');
      await saveSettings(state, settings);
      const { settings: saved } = await loadSettings(state);
      let now = start;
      let away = false;
      const going = new Set<string>();
      const started = new Set<string>();
      const starter = {
        async start(id: string) {
          if (away) throw new Error('the engine is away');
          if (started.has(id)) return;
          started.add(id);
          going.add(id);
        },
        isGoing: async (id: string) => going.has(id),
      };
      const host = (life: number): Services =>
        ({
          state: mortal(state, life),
          log: silentLog,
          now: () => now,
          staging: { async *list() {} },
        }) as unknown as Services;
      const whole = host(Number.POSITIVE_INFINITY);
      const runOf = async (id: string): Promise<Run> => {
        const run = await getRun(state, id);
        assert.ok(run, `${id} is not there`);
        return run;
      };
      const check = async () => {
        const schedules = await Promise.all([...going].map(async (id) => (await runOf(id)).scheduleId));
        assert.equal(new Set(schedules).size, schedules.length, `together: ${[...going].join()}`);
        const dues = await Promise.all(
          [...started].map(async (id) => {
            const { scheduleId, dueAt } = await runOf(id);
            return `${scheduleId} ${dueAt}`;
          }),
        );
        assert.equal(new Set(dues).size, dues.length, 'an instant has two runs');
      };
      const turn = async (services: Services) => {
        await tick(services, starter).catch(() => {});
        await tendRuns(services, starter).catch(() => {});
      };
      const end = async () => {
        for (const id of going) {
          await startRun(whole, { runId: id });
          await finishRun(whole, { runId: id, failures: {}, cancelled: false });
          going.delete(id);
        }
      };
      for (const one of steps) {
        if (one.does === 'tick') {
          const hand = one.hand === null ? undefined : saved.schedules[one.hand];
          const asked = hand ? [runNow(whole, starter, saved, hand).catch(() => {})] : [];
          await Promise.all([...asked, ...one.hosts.map((life) => turn(host(life)))]);
          // No two clicks in one instant.
          now += 1;
        } else if (one.does === 'pass') now += one.minutes * MINUTE;
        else if (one.does === 'engine') away = one.away;
        else if (one.does === 'end') await end();
        else {
          const schedule = saved.schedules[one.schedule];
          // Refused where a run goes on, cut off where the host dies.
          if (schedule) await runNow(host(one.calls), starter, saved, schedule).catch(() => {});
          // The clock goes on between two clicks.
          now += 1;
        }
        await check();
      }
      away = false;
      for (let left = 4; left > 0; left--) {
        now += 3 * MINUTE;
        await turn(whole);
        await end();
        await check();
      }
      now += 2 * 24 * 60 * MINUTE;
      await turn(whole);
      for (const { id, every } of saved.schedules) {
        const due = new Date(latestDue(every, now)).toISOString();
        const runs = await Promise.all([...started].map(runOf));
        assert.ok(
          runs.some(({ scheduleId, dueAt }) => scheduleId === id && dueAt === due),
          `${id} has not run for ${due}`,
        );
      }
      await end();
      const { runs } = await liveWork(state);
      assert.deepEqual(runs, [], 'nothing that was made is left without an end');
      for (const id of started) assert.ok(isFinished(await runOf(id)));
      await state.close();
    }),
    { numRuns: 60 },
  );
});

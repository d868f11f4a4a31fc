import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../shared/log.ts';
import { liveWork } from '../../shared/runs/live-runs.ts';
import { pullForEvents } from '../../shared/schedules/event-pulls.ts';
import { type RunStarter, tick } from '../../shared/schedules/tick.ts';
import type { Services } from '../../shared/services.ts';
import { saveSettings } from '../../shared/settings/settings-store.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { tendRuns } from '../../shared/transfer/tend-runs.ts';

export const title = 'an idle tick: 100 and 1,000 schedules of which none is due';

const ROUNDS = 40;
const MINUTE = 60_000;
const MOST_MS = 200;

export async function run(): Promise<void> {
  await measure(100, 3);
  // The rows of a thousand schedules come in two pages.
  await measure(1000, 4);
}

async function measure(schedules: number, mostCalls: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tick-'));
  const stored = openSqliteState(join(folder, 'state.db'));
  try {
    await saveSettings(stored, settingsWith(schedules));
    const text = JSON.stringify((await stored.get('settings', 'settings', 'current'))?.value);
    const counting = countCalls(stored);
    // Schedules are due at noon, or on the hour: from 00:01 to 00:04 nothing is, and notifications do not look again.
    let now = Date.UTC(2026, 0, 1);
    const services = { state: counting.state, log: silentLog, now: () => now } as unknown as Services;
    const starter: RunStarter = { start: unexpected, isGoing: unexpected };
    await timerFunction(services, starter);
    const ticks: number[] = [];
    const parses: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      now += MINUTE / 20;
      counting.calls = 0;
      ticks.push(await milliseconds(() => timerFunction(services, starter)));
      assert.ok(counting.calls <= mostCalls, `${counting.calls} storage calls`);
      parses.push(await milliseconds(async () => JSON.parse(text)));
    }
    const [coldest = 0, middle, parse] = [ticks[0], median(ticks), median(parses)];
    console.log(
      `${schedules} schedules: ${counting.calls} storage calls; ${middle.toFixed(1)} ms of processor time (first ${coldest.toFixed(1)} ms)` +
        `, ${(middle / parse).toFixed(0)} times as long as JSON.parse of the settings (${Math.round(text.length / 1000)} KB)` +
        `; target under ${MOST_MS} ms: ${middle < MOST_MS ? 'met' : 'MISSED'}`,
    );
  } finally {
    await stored.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What functions/schedule-tick.ts does. */
async function timerFunction(services: Services, starter: RunStarter): Promise<void> {
  await tick(services, starter);
  const live = await liveWork(services.state);
  await pullForEvents(services, starter, live);
  await tendRuns(services, starter, { live: live.runs });
}

async function unexpected(): Promise<never> {
  throw new Error('nothing is due');
}

function settingsWith(schedules: number): unknown {
  const periods = [
    { hours: 1 },
    { days: 1, at: '12:00', timeZone: 'Europe/Berlin' },
    { days: 7, at: '12:00' },
  ];
  return {
    sites: [
      {
        id: 'site',
        name: 'Site',
        host: 'site.example.com',
        account: { kind: 'oauth', clientId: 'client', secret: 'secret' },
      },
    ],
    destinations: [
      { id: 'files', name: 'Files', plugin: 'file', settings: { kind: 'folder', directory: '/bench/files' } },
    ],
    schedules: Array.from({ length: schedules }, (_, index) => ({
      id: `schedule-${index}`,
      name: `Schedule ${index}`,
      every: periods[index % periods.length],
      transfers: [{ site: 'site', destination: 'files', dataTypes: ['session-data', 'session-recording'] }],
    })),
  };
}

function countCalls(state: StateStore): { readonly state: StateStore; calls: number } {
  const count = { calls: 0 };
  const proxy = new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        count.calls++;
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
  return Object.assign(count, { state: proxy });
}

/** Of processor time: what else the machine does is not counted. */
async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

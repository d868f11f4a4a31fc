import type { Period, Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { listAll } from '../state/list-all.ts';
import { type Entry, type StateStore, stateKey } from '../state/state-store.ts';
import { type Trouble, troubleKey } from './trouble.ts';
import { changeTrouble, meet, overcome, type Troubles } from './trouble-store.ts';

/** Since when a schedule could have had a successful run, and its last one. Milliseconds, our clock. */
interface Health {
  readonly since: number;
  readonly lastSuccess?: number;
  /** It was not to run when it was looked at. */
  readonly idle?: boolean;
}

const PARTITION = ['notifications', 'schedule'] as const;
/** However short a period is. Milliseconds. */
const LEAST = 3_600_000;

export async function markSuccess(state: StateStore, scheduleId: string, now: number): Promise<void> {
  const health: Health = { since: now, lastSuccess: now };
  await state.put(...PARTITION, stateKey(scheduleId), health);
}

/** Finds schedules without a successful run for the set number of their periods, and those that have one again. */
export async function lookForSilence(
  state: StateStore,
  settings: Settings,
  troubles: Troubles,
  now: number,
): Promise<void> {
  const known = await healths(state);
  for (const schedule of settings.schedules) {
    const before = known.get(stateKey(schedule.id));
    const key = troubleKey('silence', schedule.id);
    if (settings.scheduler === 'stopped' || !schedule.enabled) {
      if (before && !before.idle) await keep(state, schedule, { ...before, idle: true });
      await end(state, troubles.get(key), now);
      continue;
    }
    if (!before || before.idle) {
      await keep(state, schedule, { since: now });
      continue;
    }
    const from = Math.max(before.since, before.lastSuccess ?? 0);
    if (now - from <= silenceOf(schedule, settings.notifications.silencePeriods)) {
      await end(state, troubles.get(key), now);
      continue;
    }
    const change = (trouble: Trouble | undefined) => {
      // Met once for every period, so that a digest says that it goes on.
      const pause = Math.max(LEAST, periodMs(schedule.every));
      if (trouble && trouble.over === undefined && now - trouble.last < pause) return undefined;
      const last = before.lastSuccess === undefined ? 'none yet' : new Date(before.lastSuccess).toISOString();
      const message = `No successful run for ${settings.notifications.silencePeriods} periods or more. Last successful run: ${last}.`;
      return meet(
        trouble,
        { kind: 'silence', title: `Schedule ${schedule.name}`, message, scheduleId: schedule.id },
        now,
      );
    };
    await changeTrouble(state, key, change, troubles.get(key));
  }
}

async function end(state: StateStore, row: Entry<Trouble> | undefined, now: number): Promise<void> {
  if (row?.value.over === undefined && row)
    await changeTrouble(state, row.key, (trouble) => overcome(trouble, {}, now), row);
}

function silenceOf({ every }: Schedule, periods: number): number {
  return periods === 0 ? Number.POSITIVE_INFINITY : Math.max(LEAST, periods * periodMs(every));
}

export function periodMs(period: Period): number {
  if ('minutes' in period) return period.minutes * 60_000;
  if ('hours' in period) return period.hours * 3_600_000;
  return period.days * 86_400_000;
}

async function healths(state: StateStore): Promise<Map<string, Health>> {
  const all = new Map<string, Health>();
  for await (const { key, value } of listAll<Health>(state, ...PARTITION)) all.set(key, value);
  return all;
}

async function keep(state: StateStore, { id }: Schedule, health: Health): Promise<void> {
  await state.put(...PARTITION, stateKey(id), health);
}

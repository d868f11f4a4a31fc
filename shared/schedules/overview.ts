import { liveRuns } from '../runs/live-runs.ts';
import type { Services } from '../services.ts';
import type { Period } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { stateKey } from '../state/state-store.ts';
import { lastCheck } from './last-check.ts';
import { nextDue } from './recurrence.ts';
import { type TickRows, tickRows } from './schedule-state.ts';

/** IC guide: Scheduler Status. Instants are ISO 8601, our clock. */
export interface SchedulerState {
  readonly state: 'running' | 'stopped';
  /** When it last looked whether a schedule is due: to five minutes, where another instance did. */
  readonly lastCheck?: string;
  /** It runs, and yet nobody has looked for a quarter of an hour. */
  readonly late: boolean;
  /** Of all schedules; absent while it is stopped, and where none is enabled. */
  readonly nextRun?: { readonly at: string; readonly schedule: string };
}

/** IC guide: Schedules. */
export interface ScheduleOverview {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly every: Period;
  /** For people: "every 15 minutes", "every day at 02:30 (Europe/Berlin)". */
  readonly period: string;
  /** Due instant of the last run that completed. */
  readonly lastRun?: string;
  readonly lastRunId?: string;
  /** Absent while it is paused, and while the scheduler is stopped. */
  readonly nextRun?: string;
  /** Its run that goes on, or is about to. */
  readonly going?: string;
  readonly transfers: number;
}

const LATE = 15 * 60_000;

/** Three storage calls, the settings' own among them. */
export async function scheduleOverview(
  services: Services,
  settings: Settings,
): Promise<{ readonly scheduler: SchedulerState; readonly schedules: readonly ScheduleOverview[] }> {
  const [rows, live] = await Promise.all([tickRows(services.state), liveRuns(services.state)]);
  const going = new Set(live.map(({ runId }) => runId));
  const runs = settings.scheduler === 'running';
  const schedules = settings.schedules.map(({ id, name, enabled, every, transfers }): ScheduleOverview => {
    const { lastRun, lastRunId, runId } = rows.states.get(stateKey(id))?.value ?? {};
    return {
      id,
      name,
      enabled,
      every,
      period: periodText(every),
      transfers: transfers.reduce((sum, { dataTypes }) => sum + dataTypes.length, 0),
      ...(lastRun === undefined ? {} : { lastRun }),
      ...(lastRunId === undefined ? {} : { lastRunId }),
      ...(runs && enabled ? { nextRun: iso(nextDue(every, services.now())) } : {}),
      ...(runId !== undefined && going.has(runId) ? { going: runId } : {}),
    };
  });
  return { scheduler: schedulerState(services, settings, rows, schedules), schedules };
}

function schedulerState(
  services: Services,
  { scheduler }: Settings,
  rows: TickRows,
  schedules: readonly ScheduleOverview[],
): SchedulerState {
  const last = lastCheck(services, rows);
  const next = schedules
    .flatMap(({ id, nextRun }) => (nextRun === undefined ? [] : [{ at: nextRun, schedule: id }]))
    .sort((a, b) => (a.at < b.at ? -1 : 1))[0];
  return {
    state: scheduler,
    ...(last === undefined ? {} : { lastCheck: iso(last) }),
    late: scheduler === 'running' && last !== undefined && services.now() - last > LATE,
    ...(next === undefined ? {} : { nextRun: next }),
  };
}

export function periodText(period: Period): string {
  const every = (count: number, unit: string) => (count === 1 ? `every ${unit}` : `every ${count} ${unit}s`);
  if ('minutes' in period) return every(period.minutes, 'minute');
  if ('hours' in period) return every(period.hours, 'hour');
  return `${every(period.days, 'day')} at ${period.at} (${period.timeZone})`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

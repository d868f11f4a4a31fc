import { reportFailure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import { noteFailedStart, notifyAtTick } from '../notifications/index.ts';
import { runId } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { type Entry, stateKey } from '../state/state-store.ts';
import { noteCheck } from './last-check.ts';
import { makeScheduleRun } from './make-run.ts';
import { latestDue } from './recurrence.ts';
import { claim, type ScheduleState, type TickRows, tickRows } from './schedule-state.ts';

/** The orchestration engine, as far as starting runs needs it. */
export interface RunStarter {
  /** Starts the orchestration of a run under the run's id. Starting one that runs or has ended is fine. */
  start(runId: string): Promise<void>;
  /** Whether an instance of that id is waiting or running. */
  isGoing(runId: string): Promise<boolean>;
  /** What ended an instance that failed in itself, one line; undefined where nothing is known of it. */
  whyEnded?(runId: string): Promise<string | undefined>;
}

/**
 * Starts what is due. Each due instant is claimed once: the claim is saved before the start, and a claim that no start
 * followed is taken up by the next tick. Missed instants are not made up for: the next run reads from the watermark.
 * Throws the first failure once all schedules were seen to.
 */
export async function tick(services: Services, starter: RunStarter): Promise<readonly string[]> {
  const { settings } = await loadSettings(services.state);
  services.logs?.follow(settings.application);
  const rows = await tickRows(services.state);
  noteCheck(services);
  try {
    const started = await startDue(services, starter, settings, rows.states);
    await notifyAtTick(services, settings, rows);
    return started;
  } catch (error) {
    // What failed has brought the look forward: it is read anew.
    await notifyAtTick(services, settings);
    throw error;
  }
}

async function startDue(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  states: TickRows['states'],
): Promise<readonly string[]> {
  if (settings.scheduler === 'stopped') return [];
  const enabled = settings.schedules.filter((schedule) => schedule.enabled);
  const started: string[] = [];
  const failures: unknown[] = [];
  for (const schedule of enabled) {
    try {
      const id = await tickOne(services, starter, settings, schedule, states.get(stateKey(schedule.id)));
      if (id !== undefined) started.push(id);
    } catch (error) {
      // The others are not to wait for it. The tick fails all the same, so that the platform shows it.
      failures.push(error);
      const failure = reportFailure(error);
      const { code, message } = failure;
      services.log.error(logEvents.scheduleNotStarted, { schedule: schedule.id, code, message });
      await noteFailedStart(services, schedule, failure);
    }
  }
  if (failures.length > 0) throw failures[0];
  return started;
}

/** Hosts' clocks may differ by this; a claim further in the future was made by a clock that was wrong. Milliseconds. */
const CLOCKS_APART = 10 * 60_000;

async function tickOne(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  schedule: Schedule,
  entry: Entry<ScheduleState> | undefined,
): Promise<string | undefined> {
  const { state, log, now } = services;
  const due = new Date(latestDue(schedule.every, now())).toISOString();
  if (!entry) {
    // New: the period that has begun before it was made is not its own.
    await claim(state, schedule.id, undefined, { claimedDue: due });
    return undefined;
  }
  const { value } = entry;
  if (value.runId !== undefined && value.started === false)
    return startClaimed(services, starter, settings, schedule, entry);
  const ahead = Date.parse(value.claimedDue) - now();
  if (ahead > CLOCKS_APART)
    log.warn('Our clock went back: due instants claimed ahead of it do not count', { schedule: schedule.id });
  else if (due <= value.claimedDue) return undefined;
  if (value.runId !== undefined && (await starter.isGoing(value.runId))) {
    log.info('Schedule left alone: its last run is still going', { schedule: schedule.id, run: value.runId });
    return undefined;
  }
  // Claimed before it is made: a run that was made for an instant that another claim took would be nobody's.
  const { runDue: _past, ...before } = value;
  const claimed: ScheduleState = {
    ...before,
    claimedDue: due,
    runId: runId(Date.parse(due), schedule.id),
    started: false,
  };
  const etag = await claim(state, schedule.id, entry, claimed);
  if (etag === undefined) return undefined;
  return startClaimed(services, starter, settings, schedule, { ...entry, value: claimed, etag });
}

/** Makes and starts the run that was claimed, as often as it takes. */
export async function startClaimed(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  schedule: Schedule,
  entry: Entry<ScheduleState>,
): Promise<string> {
  const { claimedDue, runDue } = entry.value;
  const due = runDue ?? claimedDue;
  const trigger = runDue === undefined ? {} : ({ trigger: 'hand' } as const);
  const run = await makeScheduleRun(services.state, settings, schedule, Date.parse(due), trigger);
  await starter.start(run.id);
  services.log.info('Run started by its schedule', { run: run.id, schedule: schedule.id, due, ...trigger });
  await claim(services.state, schedule.id, entry, { ...entry.value, started: true });
  return run.id;
}

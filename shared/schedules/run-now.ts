import { Failure } from '../errors.ts';
import { runId } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { stateKey } from '../state/state-store.ts';
import { latestDue } from './recurrence.ts';
import { claim, type ScheduleState, scheduleStates } from './schedule-state.ts';
import { type RunStarter, startClaimed } from './tick.ts';

/**
 * A run of the schedule now, between two due instants, also of one that is paused and while the scheduler is stopped.
 * One run at a time holds here too: throws `Failure` `run-going` where its last run goes on. The next due instant stays.
 */
export async function runNow(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  schedule: Schedule,
): Promise<string> {
  const { state, now } = services;
  const at = now();
  const entry = (await scheduleStates(state)).get(stateKey(schedule.id));
  const before = entry?.value ?? { claimedDue: new Date(latestDue(schedule.every, at)).toISOString() };
  const { runId: last, started } = before as ScheduleState;
  if (last !== undefined && (started === false || (await starter.isGoing(last)))) throw going(schedule, last);
  const id = runId(at, schedule.id);
  const claimed: ScheduleState = {
    ...before,
    runId: id,
    runDue: new Date(at).toISOString(),
    started: false,
  };
  const etag = await claim(state, schedule.id, entry, claimed);
  if (etag === undefined) throw going(schedule);
  const key = stateKey(schedule.id);
  return startClaimed(services, starter, settings, schedule, { key, value: claimed, etag });
}

function going({ name }: Schedule, run?: string): Failure {
  const which = run === undefined ? 'Another run' : `Its run ${run}`;
  return new Failure(
    'terminal',
    'run-going',
    `${which} goes on; schedule "${name}" can be run again when that has ended.`,
  );
}

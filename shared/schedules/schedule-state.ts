import { LOOK, type NextLook } from '../notifications/index.ts';
import { listAll } from '../state/list-all.ts';
import { type Entry, StateConflict, type StateStore, stateKey } from '../state/state-store.ts';

/** What is remembered of a schedule. ISO 8601 instants. */
export interface ScheduleState {
  /** The newest due instant that was claimed, or that lay behind when the schedule was first seen. */
  readonly claimedDue: string;
  /** The run made for it; absent when none was. */
  readonly runId?: string;
  /** The instant that run is for, where it was started by hand between two due ones. */
  readonly runDue?: string;
  /** The run was handed to the orchestrator. */
  readonly started?: boolean;
  /** Shown as Last Run: due instant of the last run that completed (IC guide). */
  readonly lastRun?: string;
  readonly lastRunId?: string;
}

export async function scheduleStates(state: StateStore): Promise<Map<string, Entry<ScheduleState>>> {
  return (await tickRows(state)).states;
}

export interface TickRows {
  readonly states: Map<string, Entry<ScheduleState>>;
  /** When to look for troubles again, and when a tick was last seen to. */
  readonly look: Entry<NextLook> | undefined;
}

/** All that a tick has to know of the past, with one storage call. */
export async function tickRows(state: StateStore): Promise<TickRows> {
  const all = new Map<string, Entry<ScheduleState>>();
  for await (const entry of listAll<ScheduleState>(state, 'claims', 'schedule')) all.set(entry.key, entry);
  const look = all.get(LOOK) as unknown as Entry<NextLook> | undefined;
  all.delete(LOOK);
  return { states: all, look };
}

/** Saves a claim under the entry it was read from. False: another host was first. */
export async function claim(
  state: StateStore,
  scheduleId: string,
  entry: Entry<ScheduleState> | undefined,
  next: ScheduleState,
): Promise<string | undefined> {
  try {
    return entry
      ? await state.update('claims', 'schedule', stateKey(scheduleId), next, entry.etag)
      : await state.insert('claims', 'schedule', stateKey(scheduleId), next);
  } catch (error) {
    if (error instanceof StateConflict) return undefined;
    throw error;
  }
}

/** Last Run only moves forward. */
export async function markLastRun(
  state: StateStore,
  scheduleId: string,
  due: string,
  runId: string,
): Promise<void> {
  const key = stateKey(scheduleId);
  for (;;) {
    const entry = await state.get<ScheduleState>('claims', 'schedule', key);
    if (entry?.value.lastRun !== undefined && entry.value.lastRun >= due) return;
    const next: ScheduleState = { ...(entry?.value ?? { claimedDue: due }), lastRun: due, lastRunId: runId };
    if ((await claim(state, scheduleId, entry, next)) !== undefined) return;
  }
}

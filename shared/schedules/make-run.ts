import { enterLive } from '../runs/live-runs.ts';
import {
  createRun,
  getRun,
  type ImportSource,
  type PullSelection,
  type Run,
  runId,
  type Transfer,
  transferKey,
} from '../runs/run.ts';
import { keepRunSettings } from '../runs/run-settings.ts';
import { checkRunSize } from '../runs/run-size.ts';
import { pinPlaces } from '../settings/places.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { StateConflict, type StateStore } from '../state/state-store.ts';

/** The transfers of a schedule, one a data type; what is named twice counts once. */
export function transfersOf(schedule: Schedule): Transfer[] {
  const transfers = schedule.transfers.flatMap(({ site, destination, dataTypes, begin, ...options }) =>
    dataTypes.map(
      (stream): Transfer => ({ siteId: site, stream, destinationId: destination, begin, ...options }),
    ),
  );
  return [...new Map(transfers.map((transfer) => [transferKey(transfer), transfer])).values()];
}

/** The run of a schedule's due instant; made once, whoever comes first. */
export function makeScheduleRun(
  state: StateStore,
  settings: Settings,
  schedule: Schedule,
  due: number,
  more: Pick<Run, 'trigger'> = {},
): Promise<Run> {
  return makeRun(state, settings, {
    id: runId(due, schedule.id),
    kind: 'schedule',
    scheduleId: schedule.id,
    dueAt: new Date(due).toISOString(),
    status: 'queued',
    transfers: transfersOf(schedule),
    ...more,
  });
}

export function makePullRun(
  state: StateStore,
  settings: Settings,
  pull: {
    readonly now: number;
    readonly name: string;
    readonly transfers: readonly Transfer[];
    readonly selection?: PullSelection;
    readonly import?: ImportSource;
    readonly trigger?: 'event';
    readonly reconciliation?: string;
  },
): Promise<Run> {
  return makeRun(state, settings, {
    id: runId(pull.now, `pull-${pull.name}`),
    kind: 'pull',
    dueAt: new Date(pull.now).toISOString(),
    status: 'queued',
    transfers: pull.transfers,
    ...(pull.selection === undefined ? {} : { selection: pull.selection }),
    ...(pull.import === undefined ? {} : { import: pull.import }),
    ...(pull.trigger === undefined ? {} : { trigger: pull.trigger }),
    ...(pull.reconciliation === undefined ? {} : { reconciliation: pull.reconciliation }),
  });
}

/** A run that was made before stays as it is, and so do its settings: it may be going. */
async function makeRun(state: StateStore, settings: Settings, run: Run): Promise<Run> {
  const made = await getRun(state, run.id);
  if (made) return made;
  checkRunSize(run);
  // Settings first: a run that can be seen can be worked on.
  await pinPlaces(state, await keepRunSettings(state, run, settings));
  await enterLive(state, run);
  try {
    await createRun(state, run);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    return (await getRun(state, run.id)) ?? run;
  }
  return run;
}

import { fileURLToPath } from 'node:url';
import type { Log } from '../../shared/log.ts';
import { liveRuns } from '../../shared/runs/live-runs.ts';
import { getRun, isFinished, type Run, runId } from '../../shared/runs/run.ts';
import { runStarter } from '../../shared/schedules/durable-starter.ts';
import { makeScheduleRun } from '../../shared/schedules/make-run.ts';
import type { RunStarter } from '../../shared/schedules/tick.ts';
import { provideServices } from '../../shared/service-provider.ts';
import type { Services } from '../../shared/services.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { freeSlots } from '../../shared/transfer/slots.ts';
import { tendRuns } from '../../shared/transfer/tend-runs.ts';
import { allRuns, localEngine } from './engine.ts';
import { type LocalHost, type LocalHostOptions, startLocalHost } from './host/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The product on one machine: the functions in the local host, with their services. */
export interface Stack {
  readonly host: LocalHost;
  readonly starter: RunStarter;
  readonly services: Services;
  /**
   * Finishes interrupted runs, and runs schedules that were to run with them and got no run of their own; if there were
   * none, runs every enabled schedule once. Resolves when they have ended.
   */
  runOnce(): Promise<Run[]>;
  /** Takes up interrupted runs without waiting for them. */
  resume(): Promise<Run[]>;
  /** Makes and starts a run of each enabled schedule that has never run. */
  startNewSchedules(): Promise<void>;
  close(): Promise<void>;
}

export interface StackOptions
  extends Pick<LocalHostOptions, 'delivery' | 'timers' | 'port' | 'closeLimitMs'> {
  readonly services: Services;
  /** The host's own SQLite file. */
  readonly database: string;
  readonly log: Log;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { services, log } = options;
  provideServices(() => services);
  let interrupted: readonly string[] = [];
  const host = await startLocalHost({
    functionFiles: [`${root}functions/*.ts`],
    hostJson: `${root}host.json`,
    database: options.database,
    log,
    async beforeWork() {
      await freeAllSlots(services.state);
      // Looked at now: once the host works, a run that had little left may end before anybody asks.
      interrupted = await unfinishedRuns(services.state);
    },
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
    ...(options.timers === undefined ? {} : { timers: options.timers }),
    ...(options.closeLimitMs === undefined ? {} : { closeLimitMs: options.closeLimitMs }),
  });
  const starter = runStarter(localEngine(host.managementUrl));
  /** No other host makes runs here: none is left to whoever made it. */
  const tend = () => tendRuns(services, starter, { grace: 0 });
  const resume = async (): Promise<Run[]> => {
    const { going, closed } = await tend();
    const ids = new Set([...interrupted.filter((id) => !closed.includes(id)), ...going]);
    interrupted = [];
    return (await allRuns(services.state)).filter(({ id }) => ids.has(id));
  };
  const startSchedules = async (wanted: (scheduleId: string) => boolean, due: number): Promise<string[]> => {
    const { settings } = await loadSettings(services.state);
    const ids: string[] = [];
    for (const schedule of settings.schedules.filter(({ enabled, id }) => enabled && wanted(id))) {
      const run = await makeScheduleRun(services.state, settings, schedule, due);
      await starter.start(run.id);
      ids.push(run.id);
    }
    return ids;
  };
  /** A start that was cut off between two schedules has left the later ones without a run of that instant. */
  const startForgotten = async (resumed: readonly Run[]): Promise<string[]> => {
    const due = resumed.flatMap(({ kind, dueAt }) => (kind === 'schedule' ? [Date.parse(dueAt)] : []));
    if (due.length === 0) return [];
    const instant = Math.max(...due);
    const ids = new Set((await allRuns(services.state)).map(({ id }) => id));
    return startSchedules((id) => !ids.has(runId(instant, id)), instant);
  };
  return {
    host,
    starter,
    services,
    resume,
    async runOnce() {
      const resumed = await resume();
      const ids =
        resumed.length > 0
          ? [...resumed.map(({ id }) => id), ...(await startForgotten(resumed))]
          : await startSchedules(() => true, services.now());
      await host.idle();
      await tend();
      return (await allRuns(services.state)).filter(({ id }) => ids.includes(id));
    },
    async startNewSchedules() {
      const runs = await allRuns(services.state);
      await startSchedules((id) => !runs.some(({ scheduleId }) => scheduleId === id), services.now());
    },
    async close() {
      await host.close();
      await services.close();
    },
  };
}

async function unfinishedRuns(state: StateStore): Promise<string[]> {
  const runs = await Promise.all((await liveRuns(state)).map(({ runId }) => getRun(state, runId)));
  return runs.flatMap((run) => (run && !isFinished(run) ? [run.id] : []));
}

/** Whoever held a slot was this host before it died, and waiting for its leases to end would be waiting for nobody. */
async function freeAllSlots(state: StateStore): Promise<void> {
  const { settings } = await loadSettings(state);
  for (const { id } of settings.sites) await freeSlots(state, id);
}

/**
 * A program of its own that runs an installation in a folder to its end, and that can be killed in the middle. It
 * takes jobs one after the other from the process that started it, and ends when that process lets go of it.
 */
import { openDataFolder } from '../../infra/local/data-folder.ts';
import { localLog, localPorts, localServices } from '../../infra/local/local-services.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Counted, Cut } from './cuts.ts';
import { decorateServices, decorateStaging, decorateState } from './decorate.ts';
import { watchDisk } from './disk.ts';
import { Killer } from './killer.ts';

export interface Job {
  readonly folder: string;
  readonly cut?: Cut;
  readonly delivery: 'once' | 'twice-overlapping';
  /** What our clock is ahead of the machine's. */
  readonly clockOffsetMs: number;
}

export type Answer =
  | { readonly done: true; readonly counted: Counted; readonly runIds: readonly string[] }
  | { readonly done: false; readonly error: string };

let killer = new Killer(undefined);
watchDisk(() => killer);

async function run(job: Job): Promise<Answer> {
  killer = new Killer(job.cut);
  const data = await openDataFolder(job.folder, false);
  const log = localLog(data.log, 'info');
  const ports = localPorts(data);
  const guarded = {
    ...ports,
    state: decorateState(ports.state, killer),
    staging: decorateStaging(ports.staging, killer),
  };
  const services = decorateServices(localServices(guarded, log), killer, job.clockOffsetMs);
  const { delivery } = job;
  const stack = await startStack({ services, log, database: data.host, port: 0, timers: 'off', delivery });
  try {
    const runs = await stack.runOnce();
    return { done: true, counted: killer.counted, runIds: runs.map(({ id }) => id) };
  } finally {
    await stack.close();
  }
}

const answer = (message: Answer | 'ready') => process.send?.(message);

process.on('message', (job: Job) => {
  run(job).then(answer, (error: Error) => answer({ done: false, error: error.stack ?? String(error) }));
});
answer('ready');

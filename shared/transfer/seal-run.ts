import type { StoredFileChange } from '../destinations/destination.ts';
import type { Evidence } from '../destinations/evidence.ts';
import { Failure } from '../errors.ts';
import { reportPart, runProgress } from '../runs/progress.ts';
import { getRun, isFinished, type Run, transferKey } from '../runs/run.ts';
import { runSettings } from '../runs/run-settings.ts';
import type { Services } from '../services.ts';
import { destinationIn } from '../settings/named-item.ts';
import { noteFiles } from './note-files.ts';

/** One activity works this long at most, then says that there is more: the platform may take an instance away. */
const WORK_MS = 4 * 60_000;

export interface SealInput {
  readonly runId: string;
  /** Names this piece of work, so that a repeat does not hide the alarms of another. */
  readonly part: number;
  /** Destinations that are done. */
  readonly done: readonly string[];
}

export interface SealOutcome {
  readonly done: readonly string[];
  readonly more: boolean;
}

/**
 * Before a run ends, every destination that it has stored files at removes what Retention Count does not keep and
 * writes the run's manifest, a cancelled run's too. What fails here is an alarm of the run and no failure: the files
 * are stored, and the next run's manifest names them.
 */
export async function sealRun(services: Services, input: SealInput): Promise<SealOutcome> {
  const { state, now, log } = services;
  const run = await getRun(state, input.runId);
  if (run === undefined || isFinished(run)) return { done: [], more: false };
  const settings = await runSettings(state, run.id);
  const until = now() + WORK_MS;
  const done = [...input.done];
  for (const id of await destinationsToSeal(services, run)) {
    if (done.includes(id)) continue;
    if (now() >= until) return { done, more: true };
    const alarms: string[] = [];
    try {
      const { evidence } = await services.destination(destinationIn(settings, id));
      const note = (changes: readonly StoredFileChange[]) => noteFiles(services, id, changes, alarms);
      if (evidence !== undefined && !(await seal(services, evidence, run, until, note, alarms)))
        return await told(services, run, id, input.part, alarms, { done, more: true });
    } catch (error) {
      // What is expected is an alarm; anything else is a mistake of ours, and must not hold back the run's result.
      const known = error instanceof Failure;
      alarms.push(`The manifest could not be written: ${known ? error.message : 'an unexpected error'}`);
      if (!known)
        log.error('Unexpected error', {
          run: run.id,
          destination: id,
          stack: error instanceof Error ? error.stack : String(error),
        });
    }
    done.push(id);
    await told(services, run, id, input.part, alarms, undefined);
  }
  return { done, more: false };
}

/** Also those where a delivery before this one, or a run that died, may have stored what this one found there. */
async function destinationsToSeal({ state }: Services, run: Run): Promise<readonly string[]> {
  const progress = await runProgress(state, run.id);
  const ids = run.transfers.flatMap((transfer) => {
    const counts = progress.get(transferKey(transfer))?.counts;
    return counts !== undefined && counts.stored + counts.repeated > 0 ? [transfer.destinationId] : [];
  });
  return [...new Set(ids)];
}

/** False when time ran out first. */
async function seal(
  { state, now, log }: Services,
  evidence: Evidence,
  run: Run,
  until: number,
  note: (changes: readonly StoredFileChange[]) => Promise<void>,
  alarms: string[],
): Promise<boolean> {
  const sealed = await evidence.seal({
    run: run.id,
    isOver: async (other) => {
      const found = await getRun(state, other);
      return found === undefined || isFinished(found);
    },
    timeIsUp: () => now() >= until,
    note,
  });
  alarms.push(...sealed.alarms);
  const { manifests, lines, pruned } = sealed;
  if (manifests + pruned > 0) log.info('Manifest written', { run: run.id, manifests, lines, pruned });
  return !sealed.more;
}

/** Into the results of the run, at the first transfer to the destination, and into the log. */
async function told<T>(
  services: Services,
  run: Run,
  destinationId: string,
  part: number,
  alarms: readonly string[],
  outcome: T,
): Promise<T> {
  const transfer = run.transfers.find((candidate) => candidate.destinationId === destinationId);
  if (alarms.length === 0 || transfer === undefined) return outcome;
  for (const alarm of alarms) services.log.warn(alarm, { run: run.id, destination: destinationId });
  await reportPart(services, run.id, transferKey(transfer), `seal-${part}-${destinationId}`, {}, { alarms });
  return outcome;
}

import { runProgress } from '../../shared/runs/progress.ts';
import { addCounts, getRun, isFinished, noCounts, type Run } from '../../shared/runs/run.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { allRuns } from './engine.ts';

const EVERY_MS = 1000;

/** Tells on a terminal what runs are doing: one line each time something has changed. */
export function showProgress(state: StateStore, out: NodeJS.WritableStream): { stop(): Promise<void> } {
  const shown = new Map<string, string>();
  let first = true;
  const look = async () => {
    const runs = (await allRuns(state)).slice(0, 20).reverse();
    for (const run of runs) {
      if (first && isFinished(run)) shown.set(run.id, 'ended before');
      if (shown.get(run.id) === 'ended before') continue;
      const line = await describe(state, run);
      if (shown.get(run.id) === line) continue;
      shown.set(run.id, line);
      out.write(`${line}\n`);
    }
    first = false;
  };
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  const again = () => {
    if (stopped) return;
    looking = look().catch((error: unknown) => {
      out.write(`Progress cannot be shown: ${error instanceof Error ? error.message : String(error)}\n`);
    });
    void looking.then(() => {
      if (!stopped) timer = setTimeout(again, EVERY_MS);
    });
  };
  again();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      await look();
    },
  };
}

async function describe(state: StateStore, { id }: Run): Promise<string> {
  const run = await getRun(state, id);
  if (!run) return `${id} is gone`;
  const progress = await runProgress(state, id);
  const sum = [...progress.values()].reduce((all, { counts }) => addCounts(all, counts), noCounts);
  const parts = [
    `stored ${sum.stored}`,
    ...(sum.repeated > 0 ? [`there already ${sum.repeated}`] : []),
    ...(sum.open > 0 ? [`still open ${sum.open}`] : []),
    ...(sum.postponed > 0 ? [`to be tried again ${sum.postponed}`] : []),
    ...(sum.setAside > 0 ? [`set aside ${sum.setAside}`] : []),
    megabytes(sum.bytes),
  ];
  const failures = [
    ...new Set([run, ...(run.results ?? [])].flatMap(({ failure }) => (failure ? [failure.message] : []))),
  ];
  const name = (run.scheduleId ?? 'pull').padEnd(10);
  return [
    `${name} ${run.status.padEnd(9)} ${parts.join(', ')}`,
    ...failures.map((failure) => `  ${failure}`),
  ].join('\n');
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

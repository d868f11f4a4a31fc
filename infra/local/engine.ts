import type { Run } from '../../shared/runs/run.ts';
import { changeRun, isFinished } from '../../shared/runs/run.ts';
import type { OrchestrationClient } from '../../shared/schedules/durable-starter.ts';
import type { RunStarter } from '../../shared/schedules/tick.ts';
import type { StateStore } from '../../shared/state/state-store.ts';

const BASE = '/runtime/webhooks/durabletask';

/** The local host's orchestrations, over its management API. */
export function localEngine(url: string): OrchestrationClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${BASE}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok && response.status !== 202)
      throw new Error(`${method} ${path}: HTTP ${response.status}`);
    return response.json();
  };
  return {
    async startNew(orchestrator, { instanceId, input }) {
      await call('POST', `/orchestrators/${orchestrator}/${instanceId}`, input);
      return instanceId;
    },
    getStatus: async (instanceId) =>
      (await call('GET', `/instances/${instanceId}?showInput=false`)) as {
        runtimeStatus: string;
        output?: unknown;
      },
  };
}

/**
 * Runs that were made and have not finished: their orchestration is started if it was not. One whose orchestration has
 * ended cannot go on: it is closed and is not among those that are given back.
 */
export async function resumeRuns(state: StateStore, starter: RunStarter): Promise<Run[]> {
  const unfinished = (await allRuns(state)).filter((run) => !isFinished(run));
  const ids = unfinished.map(({ id }) => id);
  for (const id of ids) await starter.start(id);
  const closed = await closeDeadRuns(state, starter, ids);
  return unfinished.filter(({ id }) => !closed.includes(id));
}

/** Newest first. */
export async function allRuns(state: StateStore): Promise<Run[]> {
  const runs: Run[] = [];
  let from: string | undefined;
  do {
    const page = await state.list<Run>('runs', 'run', from === undefined ? {} : { from });
    runs.push(...page.entries.map(({ value }) => value));
    from = page.next;
  } while (from !== undefined);
  return runs;
}

/**
 * An orchestration that ended without finishing its run failed in itself: the run must not look as if it went on.
 * Resolves to the ids of the runs that were closed.
 */
export async function closeDeadRuns(
  state: StateStore,
  starter: RunStarter,
  ids: readonly string[],
): Promise<string[]> {
  const closed: string[] = [];
  for (const id of ids) {
    if (await starter.isGoing(id)) continue;
    const why = (await starter.whyEnded?.(id)) ?? 'the log has the details.';
    const failure = {
      kind: 'internal',
      code: 'orchestration-ended',
      message: `The run ended without a result: ${why}`,
    } as const;
    const finishedAt = new Date().toISOString();
    let changed = false;
    await changeRun(state, id, (run) => {
      changed = !isFinished(run);
      return changed ? { ...run, status: 'failed', finishedAt, failure } : undefined;
    });
    if (changed) closed.push(id);
  }
  return closed;
}

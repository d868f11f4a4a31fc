import type { Run } from '../../shared/runs/run.ts';
import type { OrchestrationClient } from '../../shared/schedules/durable-starter.ts';
import { listAll } from '../../shared/state/list-all.ts';
import type { StateStore } from '../../shared/state/state-store.ts';

/** The local host's orchestrations, over its management API (`managementUrl` of the host). */
export function localEngine(url: string): OrchestrationClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
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

/** Newest first. */
export async function allRuns(state: StateStore): Promise<Run[]> {
  const runs: Run[] = [];
  for await (const { value } of listAll<Run>(state, 'runs', 'run')) runs.push(value);
  return runs;
}

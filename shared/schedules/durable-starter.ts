import { Failure } from '../errors.ts';
import type { RunStarter } from './tick.ts';

/** What is used of durable-functions' DurableClient. */
export interface OrchestrationClient {
  startNew(orchestrator: string, options: { instanceId: string; input: unknown }): Promise<string>;
  getStatus(instanceId: string): Promise<{ readonly runtimeStatus: string; readonly output?: unknown }>;
}

const going = new Set(['Running', 'Pending', 'ContinuedAsNew', 'Suspended']);

/** An orchestration that is started under an id, and the input that it takes. */
export interface Startable {
  readonly name: string;
  input(id: string): unknown;
}

export const reconciliation: Startable = { name: 'reconcile', input: (id) => ({ id }) };

export function runStarter(client: OrchestrationClient): RunStarter {
  return orchestrationStarter(client, { name: 'run', input: (runId) => ({ runId }) });
}

export function orchestrationStarter(client: OrchestrationClient, { name, input }: Startable): RunStarter {
  return {
    async start(runId) {
      if ((await statusOf(client, runId)) !== undefined) return;
      try {
        await client.startNew(name, { instanceId: runId, input: input(runId) });
      } catch (error) {
        // Another starter was faster.
        if ((await statusOf(client, runId)) !== undefined) return;
        throw new Failure(
          'transient',
          'start-failed',
          `Run ${runId} could not be started; the next tick tries again.`,
          {
            cause: error,
          },
        );
      }
    },
    async isGoing(runId) {
      return going.has((await statusOf(client, runId)) ?? '');
    },
    async whyEnded(runId) {
      const { runtimeStatus, output } = await client.getStatus(runId);
      if (runtimeStatus !== 'Failed' || typeof output !== 'string') return undefined;
      // The engine puts the names of what failed in front: "Orchestrator function 'run' failed: …".
      const line = output.split('\n', 1)[0] ?? '';
      return line.replace(/^(?:\w+ function '[\w-]+' failed:\s*)+/, '').trim();
    },
  };
}

async function statusOf(client: OrchestrationClient, runId: string): Promise<string | undefined> {
  try {
    return (await client.getStatus(runId)).runtimeStatus;
  } catch (error) {
    // The package gives an unknown instance as an Error that says so in its text and in nothing else.
    if (error instanceof Error && /HTTP 404/.test(error.message)) return undefined;
    throw error;
  }
}

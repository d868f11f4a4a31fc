import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import { bucketsOrchestration } from '../shared/transfer/buckets-orchestration.ts';
import { filesOrchestration, snapshotOrchestration } from '../shared/transfer/files-orchestration.ts';
import { importOrchestration } from '../shared/transfer/import-orchestration.ts';
import type { Orchestration, OrchestratorName, Steps } from '../shared/transfer/orchestration.ts';
import { runOrchestration } from '../shared/transfer/run-orchestration.ts';
import { sessionsOrchestration } from '../shared/transfer/sessions-orchestration.ts';

/** What the steps of a run may do, on durable-functions. Everything they yield was made here. */
function bind({ df: durable }: OrchestrationContext): Orchestration {
  return {
    activity: (name, input) => durable.callActivity(name, input),
    orchestrator: (name, input, id) => durable.callSubOrchestrator(name, input, id),
    all: (tasks) => durable.Task.all(tasks as Task[]),
    sleep: (ms) => durable.createTimer(new Date(durable.currentUtcDateTime.getTime() + ms)),
    continueAsNew: (input) => durable.continueAsNew(input),
  };
}

function register<I>(
  name: OrchestratorName,
  steps: (durable: Orchestration, input: I) => Steps<unknown>,
): void {
  df.app.orchestration(name, function* (context) {
    return yield* steps(bind(context), context.df.getInput<I>() as I) as Generator<Task, unknown, unknown>;
  });
}

register('run', runOrchestration);
register('site-sessions', sessionsOrchestration);
register('site-snapshot', snapshotOrchestration);
register('site-buckets', bucketsOrchestration);
register('site-files', filesOrchestration);
register('site-import', importOrchestration);

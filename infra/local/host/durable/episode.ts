import type { Log } from '../../../../shared/log.ts';
import type { HostedFunction } from '../function-catalog.ts';
import { describe } from '../http-server.ts';
import { type InvocationInput, invoke } from '../invocation.ts';
import { typedDataToJson } from '../typed-data.ts';
import { ActionReplay, type ReplayResult, type Scheduled } from './action-replay.ts';
import {
  asError,
  type FailureText,
  missingFunction,
  orchestratorFailure,
  stateInError,
} from './failure-text.ts';
import type { DurableFunctions } from './functions.ts';
import { completedTaskId, type EventOf, type HistoryEvent, historyEvent, isTerminal } from './history.ts';
import { orchestratorInput } from './orchestrator-input.ts';
import {
  type OrchestratorOutput,
  parseOrchestratorOutput,
  refuseReusedTasks,
} from './orchestrator-output.ts';
import type { InboxMessage, InstanceRow } from './store.ts';

/** How an episode ended. Where it decided nothing, its messages are only to be taken away. */
export type Decision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'terminated'; readonly reason: string | null; readonly events: readonly HistoryEvent[] }
  | { readonly kind: 'failed'; readonly failure: FailureText; readonly events: readonly HistoryEvent[] }
  | {
      readonly kind: 'decided';
      readonly events: readonly HistoryEvent[];
      readonly output: OrchestratorOutput;
      readonly replay: ReplayResult;
    };

export interface EpisodeContext {
  readonly functions: DurableFunctions;
  readonly log: Log;
  readonly functionTimeoutMs: number | undefined;
}

/** Runs an orchestrator over its history and the messages that came; writes nothing. */
export async function runEpisode(
  instance: InstanceRow,
  history: readonly HistoryEvent[],
  messages: readonly InboxMessage[],
  now: Date,
  context: EpisodeContext,
): Promise<Decision> {
  const fresh = admit(instance, history, messages);
  if (fresh.length === 0) return { kind: 'nothing' };
  const events: HistoryEvent[] = [historyEvent('OrchestratorStarted', {}, now.toISOString()), ...fresh];
  const termination = fresh.find(
    (event): event is EventOf<'ExecutionTerminated'> => event.Kind === 'ExecutionTerminated',
  );
  if (termination !== undefined) return { kind: 'terminated', reason: termination.Input, events };

  const fail = (failure: FailureText): Decision => ({ kind: 'failed', failure, events });
  const failWith = (message: string, stack?: string) =>
    fail(orchestratorFailure(instance.name, message, stack));
  const orchestrator = context.functions.orchestrator(instance.name);
  if (orchestrator === undefined) {
    return failWith(missingFunction(instance.name, 'orchestrator', context.functions.orchestratorNames));
  }
  try {
    const output = await runOrchestrator(orchestrator, orchestratorInput(instance, history, events), context);
    const whole = [...history, ...events];
    const replay = replayActions(instance, output, whole, true);
    const problem = check(instance, output, replay, whole, context.functions);
    return problem === undefined ? { kind: 'decided', events, output, replay } : failWith(problem);
  } catch (error) {
    const { message, stack } = asError(error);
    context.log.error('orchestrator failed', {
      function: instance.name,
      instanceId: instance.instance_id,
      error: describe(error),
    });
    return failWith(message, stack);
  }
}

/** Leaves out what belongs to another generation, comes twice or comes too late. */
function admit(
  instance: InstanceRow,
  history: readonly HistoryEvent[],
  messages: readonly InboxMessage[],
): HistoryEvent[] {
  if (isTerminal(instance.status)) return [];
  let isStarted = history.length > 0;
  const completed = new Set(history.map(completedTaskId));
  const fresh: HistoryEvent[] = [];
  for (const { executionId, event } of messages) {
    if (executionId !== null && executionId !== instance.execution_id) continue;
    if (event.Kind === 'ExecutionStarted') {
      if (isStarted) continue;
      isStarted = true;
    }
    const taskId = completedTaskId(event);
    if (taskId !== undefined) {
      if (completed.has(taskId)) continue;
      completed.add(taskId);
    }
    fresh.push(event);
  }
  return isStarted ? fresh : [];
}

async function runOrchestrator(
  orchestrator: HostedFunction,
  input: string,
  { log, functionTimeoutMs }: EpisodeContext,
): Promise<OrchestratorOutput> {
  const invocation: InvocationInput = {
    inputs: [{ name: orchestrator.triggerName, data: { string: input } }],
    inspectResult: refuseReusedTasks,
  };
  try {
    const response = await invoke(orchestrator.registered, invocation, { log, functionTimeoutMs });
    return parseOrchestratorOutput(typedDataToJson(response.returnValue) ?? 'null');
  } catch (error) {
    const state = stateInError(error);
    if (state === undefined) throw error;
    return parseOrchestratorOutput(state);
  }
}

function replayActions(
  instance: InstanceRow,
  output: OrchestratorOutput,
  history: readonly HistoryEvent[],
  cancelledTimersComplete: boolean,
): ReplayResult {
  return new ActionReplay(output, { executionId: instance.execution_id, cancelledTimersComplete }).run(
    history,
  );
}

const customStatusLimitBytes = 16 * 1024;

/** What Azure would refuse, hang on or go wrong with. */
function check(
  instance: InstanceRow,
  output: OrchestratorOutput,
  replay: ReplayResult,
  history: readonly HistoryEvent[],
  functions: DurableFunctions,
): string | undefined {
  if (output.customStatus !== undefined && output.customStatus.length * 2 > customStatusLimitBytes) {
    return 'The custom status must not be larger than 16 KB in UTF-16.';
  }
  for (const scheduled of replay.scheduled) {
    const problem = checkScheduled(instance, scheduled, functions);
    if (problem !== undefined) return problem;
  }
  if (replay.continueAsNew === undefined || replay.carriedOver.length === 0) return undefined;
  const own = replayActions(instance, output, history, false);
  const again = own.consumedEvents.find((event) => replay.carriedOver.includes(event));
  if (again === undefined) return undefined;
  return `Azure would deliver the event '${again.Name}' again after continueAsNew, without end: it completes a cancelled timer at once on replay (durable-extension issue 2606). Call an activity between the event and continueAsNew.`;
}

function checkScheduled(
  instance: InstanceRow,
  scheduled: Scheduled,
  functions: DurableFunctions,
): string | undefined {
  if (scheduled.kind === 'activity' && functions.activity(scheduled.name) === undefined) {
    return missingFunction(scheduled.name, 'activity', functions.activityNames);
  }
  if (scheduled.kind !== 'sub-orchestration') return undefined;
  if (functions.orchestrator(scheduled.name) === undefined) {
    return missingFunction(scheduled.name, 'orchestrator', functions.orchestratorNames);
  }
  const parent =
    instance.parent === null ? undefined : (JSON.parse(instance.parent) as { instanceId: string });
  if ([instance.instance_id, parent?.instanceId].includes(scheduled.instanceId)) {
    return 'The instance id of a sub-orchestration must differ from those of its parents.';
  }
  return undefined;
}

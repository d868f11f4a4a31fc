import { randomUUID } from 'node:crypto';
import type { Log } from '../../../../shared/log.ts';
import type { Scheduled } from './action-replay.ts';
import type { Decision } from './episode.ts';
import {
  type EventOf,
  type HistoryEvent,
  historyEvent,
  isTerminal,
  type ParentInstance,
  type RuntimeStatus,
} from './history.ts';
import { type DurableStore, type InboxMessage, type InstanceRow, startedEvent } from './store.ts';

export interface Episode {
  readonly instance: InstanceRow;
  readonly history: readonly HistoryEvent[];
  readonly messages: readonly InboxMessage[];
  readonly decision: Decision;
}

/**
 * Writes an episode in one transaction: messages taken, history appended, new messages sent, status updated.
 * @returns false if the instance went on meanwhile; nothing is written then
 */
export function commitEpisode(store: DurableStore, episode: Episode, log: Log): boolean {
  const { instance, messages, decision } = episode;
  return store.database.transaction(() => {
    if (decision.kind === 'nothing') {
      store.deleteMessages(messages);
      return true;
    }
    const now = new Date();
    const next = nextRow(episode, now);
    if (!store.update(instance, next, now.toISOString())) return false;
    store.deleteMessages(messages);
    if (next.execution_id !== instance.execution_id) {
      continueAsNew(store, episode, next, now);
      return true;
    }
    const created: HistoryEvent[] = [];
    if (decision.kind === 'decided') {
      for (const scheduled of decision.replay.scheduled) {
        created.push(schedule(store, instance, scheduled, now, log));
      }
    }
    if (isTerminal(next.status)) {
      created.push(
        historyEvent(
          'ExecutionCompleted',
          { OrchestrationStatus: next.status, Result: next.output },
          now.toISOString(),
        ),
      );
      store.dropMessages(instance.instance_id);
      answerParent(store, instance, next, decision, now);
    }
    created.push(historyEvent('OrchestratorCompleted', {}, now.toISOString()));
    store.appendHistory(instance.instance_id, episode.history.length, [...decision.events, ...created]);
    return true;
  });
}

type NextRow = Pick<
  InstanceRow,
  'execution_id' | 'status' | 'input' | 'output' | 'custom_status' | 'created_at'
>;

function nextRow({ instance, history, decision }: Episode, now: Date): NextRow {
  const { execution_id, input, created_at } = instance;
  const kept = { execution_id, input, created_at, output: null, custom_status: instance.custom_status };
  if (decision.kind === 'terminated') return { ...kept, status: 'Terminated', output: decision.reason };
  if (decision.kind === 'failed') return { ...kept, status: 'Failed', output: decision.failure.reason };
  if (decision.kind === 'nothing') return { ...kept, status: instance.status };
  const { output, replay } = decision;
  // The status of the generation before stays through the first episode of the next one.
  const custom_status = output.customStatus ?? (history.length === 0 ? instance.custom_status : null);
  const row = { ...kept, custom_status };
  if (!replay.isComplete) return { ...row, status: replay.isSuspended ? 'Suspended' : 'Running' };
  if (output.error !== undefined) {
    return {
      ...row,
      status: 'Failed',
      output: `Orchestrator function '${instance.name}' failed: ${output.error}`,
    };
  }
  if (replay.continueAsNew === undefined) return { ...row, status: 'Completed', output: output.output };
  return {
    ...row,
    status: 'Running',
    execution_id: randomUUID().replaceAll('-', ''),
    input: replay.continueAsNew.input,
    created_at: now.toISOString(),
  };
}

/** A new generation: an empty history, no timers of the old one, the events that came too late for it. */
function continueAsNew(store: DurableStore, { instance, decision }: Episode, next: NextRow, now: Date): void {
  store.clearHistory(instance.instance_id);
  store.dropGeneration(instance.instance_id, instance.execution_id);
  const parent = parentOf(instance);
  const started = startedEvent(
    { instanceId: instance.instance_id, name: instance.name, input: next.input, parent },
    next.execution_id,
    now.toISOString(),
  );
  store.send(instance.instance_id, next.execution_id, started, { isCarried: true });
  const carried: readonly EventOf<'EventRaised'>[] =
    decision.kind === 'decided' ? decision.replay.carriedOver : [];
  for (const event of carried) store.send(instance.instance_id, null, event, { isCarried: true });
}

function schedule(
  store: DurableStore,
  instance: InstanceRow,
  scheduled: Scheduled,
  now: Date,
  log: Log,
): HistoryEvent {
  const at = now.toISOString();
  const { instance_id, execution_id } = instance;
  switch (scheduled.kind) {
    case 'activity': {
      const { id, name, input } = scheduled;
      store.sendActivity({ instance_id, execution_id, task_id: id, name, input });
      return historyEvent('TaskScheduled', { Name: name, Version: '', Input: input }, at, id);
    }
    case 'timer': {
      const fireAt = scheduled.fireAt.toISOString();
      const fired = historyEvent('TimerFired', { TimerId: scheduled.id, FireAt: fireAt }, fireAt);
      store.send(instance_id, execution_id, fired, { dueAt: scheduled.fireAt.getTime() });
      return historyEvent('TimerCreated', { FireAt: fireAt }, at, scheduled.id);
    }
    case 'sub-orchestration': {
      const { id, name, input, instanceId } = scheduled;
      startChild(store, instance, { instanceId, name, input, id }, now, log);
      const body = { Name: name, Version: '', InstanceId: instanceId, Input: input };
      return historyEvent('SubOrchestrationInstanceCreated', body, at, id);
    }
  }
}

function startChild(
  store: DurableStore,
  parent: InstanceRow,
  child: { instanceId: string; name: string; input: string | null; id: number },
  now: Date,
  log: Log,
): void {
  const existing = store.instance(child.instanceId);
  if (existing !== undefined && !isTerminal(existing.status)) {
    // Azure would swallow the start, and the parent would wait for ever.
    const reason = `A sub-orchestration cannot start as '${child.instanceId}': an instance with that id is running.`;
    log.error(reason, { function: parent.name, instanceId: parent.instance_id });
    const failed = { TaskScheduledId: child.id, Reason: reason, Details: '', FailureDetails: null };
    const event = historyEvent('SubOrchestrationInstanceFailed', failed, now.toISOString());
    store.send(parent.instance_id, parent.execution_id, event);
    return;
  }
  const link: ParentInstance = {
    instanceId: parent.instance_id,
    executionId: parent.execution_id,
    name: parent.name,
    taskId: child.id,
  };
  store.create({ instanceId: child.instanceId, name: child.name, input: child.input, parent: link }, now);
}

function answerParent(
  store: DurableStore,
  instance: InstanceRow,
  next: { readonly status: RuntimeStatus; readonly output: string | null },
  decision: Decision,
  now: Date,
): void {
  const parent = parentOf(instance);
  if (parent === undefined) return;
  const at = now.toISOString();
  const event =
    next.status === 'Completed'
      ? historyEvent(
          'SubOrchestrationInstanceCompleted',
          { TaskScheduledId: parent.taskId, Result: next.output },
          at,
        )
      : historyEvent(
          'SubOrchestrationInstanceFailed',
          {
            TaskScheduledId: parent.taskId,
            Reason: next.output ?? '',
            Details: failureDetails(decision),
            FailureDetails: null,
          },
          at,
        );
  store.send(parent.instanceId, parent.executionId, event);
}

/** Null for a terminated child, as in Azure: `durable-functions` then says it cannot read the error. */
function failureDetails(decision: Decision): string | null {
  if (decision.kind === 'failed') return decision.failure.details;
  if (decision.kind === 'decided') return `Message: ${decision.output.error ?? ''}, StackTrace: `;
  return null;
}

function parentOf(instance: InstanceRow): ParentInstance | undefined {
  return instance.parent === null ? undefined : (JSON.parse(instance.parent) as ParentInstance);
}

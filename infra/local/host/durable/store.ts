import { randomUUID } from 'node:crypto';
import type { HostDatabase } from './database.ts';
import {
  type HistoryEvent,
  historyEvent,
  isTerminal,
  type ParentInstance,
  type RuntimeStatus,
} from './history.ts';

export interface InstanceRow {
  readonly instance_id: string;
  readonly execution_id: string;
  /** Raised by every commit; an episode that was begun on an older one is discarded. */
  readonly version: number;
  readonly name: string;
  readonly status: RuntimeStatus;
  readonly input: string | null;
  readonly output: string | null;
  readonly custom_status: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly parent: string | null;
}

export interface InboxMessage {
  readonly seq: number;
  readonly executionId: string | null;
  readonly event: HistoryEvent;
}

export interface ActivityMessage {
  readonly seq: number;
  readonly instance_id: string;
  readonly execution_id: string;
  readonly task_id: number;
  readonly name: string;
  readonly input: string;
}

export interface NewInstance {
  readonly instanceId: string;
  readonly name: string;
  /** JSON text, or null. */
  readonly input: string | null;
  readonly parent: ParentInstance | undefined;
}

/** The durable back end's rows. Methods that write are to be called in a transaction, unless they say otherwise. */
export class DurableStore {
  readonly database: HostDatabase;

  constructor(database: HostDatabase) {
    this.database = database;
  }

  instance(instanceId: string): InstanceRow | undefined {
    return this.database.get<InstanceRow>('SELECT * FROM instances WHERE instance_id = ?', instanceId);
  }

  history(instanceId: string): HistoryEvent[] {
    return this.database
      .all<{ event: string }>('SELECT event FROM history WHERE instance_id = ? ORDER BY seq', instanceId)
      .map(({ event }) => JSON.parse(event) as HistoryEvent);
  }

  /** Messages that are due, events carried over by continue-as-new first. */
  messages(instanceId: string, now: number): InboxMessage[] {
    return this.database
      .all<{ seq: number; execution_id: string | null; event: string }>(
        `SELECT seq, execution_id, event FROM inbox WHERE instance_id = ? AND visible_at <= ?
         ORDER BY carried DESC, seq`,
        instanceId,
        now,
      )
      .map((row) => ({
        seq: row.seq,
        executionId: row.execution_id,
        event: JSON.parse(row.event) as HistoryEvent,
      }));
  }

  /** Instances with due messages, the longest waiting first, at most `limit`. */
  readyInstances(now: number, limit: number): string[] {
    return this.database
      .all<{ instance_id: string }>(
        'SELECT instance_id FROM inbox WHERE visible_at <= ? GROUP BY instance_id ORDER BY min(seq) LIMIT ?',
        now,
        limit,
      )
      .map((row) => row.instance_id);
  }

  /** When the next message after `now` falls due, as a Unix time in milliseconds. */
  nextDueAfter(now: number): number | undefined {
    const row = this.database.get<{ due: number | null }>(
      'SELECT min(visible_at) AS due FROM inbox WHERE visible_at > ?',
      now,
    );
    return row?.due ?? undefined;
  }

  /** Queued activities, those under way included, the oldest first, at most `limit`. */
  activities(limit: number): ActivityMessage[] {
    return this.database.all<ActivityMessage>('SELECT * FROM activities ORDER BY seq LIMIT ?', limit);
  }

  isIdle(): boolean {
    const row = this.database.get<{ busy: number }>(
      `SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM activities)
         OR EXISTS (SELECT 1 FROM instances WHERE status IN ('Pending', 'Running', 'Suspended')) AS busy`,
    );
    return row?.busy === 0;
  }

  /** Creates the instance, in place of a finished one with its id. */
  create(instance: NewInstance, now: Date): void {
    this.remove(instance.instanceId);
    const at = now.toISOString();
    const executionId = randomUUID().replaceAll('-', '');
    const parent = instance.parent === undefined ? null : JSON.stringify(instance.parent);
    this.database.run(
      `INSERT INTO instances VALUES (?, ?, 0, ?, 'Pending', ?, NULL, NULL, ?, ?, ?)`,
      instance.instanceId,
      executionId,
      instance.name,
      instance.input,
      at,
      at,
      parent,
    );
    this.send(instance.instanceId, executionId, startedEvent(instance, executionId, at));
  }

  send(
    instanceId: string,
    executionId: string | null,
    event: HistoryEvent,
    options: { dueAt?: number; isCarried?: boolean } = {},
  ): void {
    this.database.run(
      'INSERT INTO inbox (instance_id, execution_id, visible_at, carried, event) VALUES (?, ?, ?, ?, ?)',
      instanceId,
      executionId,
      options.dueAt ?? 0,
      options.isCarried === true ? 1 : 0,
      JSON.stringify(event),
    );
  }

  sendActivity(activity: Omit<ActivityMessage, 'seq'>): void {
    this.database.run(
      'INSERT INTO activities (instance_id, execution_id, task_id, name, input) VALUES (?, ?, ?, ?, ?)',
      activity.instance_id,
      activity.execution_id,
      activity.task_id,
      activity.name,
      activity.input,
    );
  }

  /** Puts the result into the orchestrator's inbox and takes the activity off the queue, in one transaction. */
  completeActivity(activity: ActivityMessage, event: HistoryEvent): void {
    this.database.transaction(() => {
      this.database.run('DELETE FROM activities WHERE seq = ?', activity.seq);
      // A result for an instance that was purged or has ended would only lie there.
      const instance = this.instance(activity.instance_id);
      if (instance === undefined || isTerminal(instance.status)) return;
      this.send(activity.instance_id, activity.execution_id, event);
    });
  }

  deleteMessages(messages: readonly InboxMessage[]): void {
    for (const { seq } of messages) this.database.run('DELETE FROM inbox WHERE seq = ?', seq);
  }

  appendHistory(instanceId: string, after: number, events: readonly HistoryEvent[]): void {
    for (const [index, event] of events.entries()) {
      this.database.run(
        'INSERT INTO history VALUES (?, ?, ?)',
        instanceId,
        after + index,
        JSON.stringify(event),
      );
    }
  }

  clearHistory(instanceId: string): void {
    this.database.run('DELETE FROM history WHERE instance_id = ?', instanceId);
  }

  /** Removes messages and queued activities that belong to one generation of an instance. */
  dropGeneration(instanceId: string, executionId: string): void {
    this.database.run(
      'DELETE FROM inbox WHERE instance_id = ? AND execution_id = ?',
      instanceId,
      executionId,
    );
    this.database.run(
      'DELETE FROM activities WHERE instance_id = ? AND execution_id = ?',
      instanceId,
      executionId,
    );
  }

  dropMessages(instanceId: string): void {
    this.database.run('DELETE FROM inbox WHERE instance_id = ?', instanceId);
  }

  /** Removes everything of an instance. @returns whether there was one */
  remove(instanceId: string): boolean {
    this.clearHistory(instanceId);
    this.dropMessages(instanceId);
    this.database.run('DELETE FROM activities WHERE instance_id = ?', instanceId);
    return this.database.run('DELETE FROM instances WHERE instance_id = ?', instanceId) > 0;
  }

  /** @returns false if the row is not what it was at `expected` any more; nothing is changed then */
  update(
    expected: InstanceRow,
    row: Pick<InstanceRow, 'execution_id' | 'status' | 'input' | 'output' | 'custom_status' | 'created_at'>,
    now: string,
  ): boolean {
    return (
      this.database.run(
        `UPDATE instances SET version = version + 1, execution_id = ?, status = ?, input = ?, output = ?,
           custom_status = ?, created_at = ?, updated_at = ?
         WHERE instance_id = ? AND execution_id = ? AND version = ?`,
        row.execution_id,
        row.status,
        row.input,
        row.output,
        row.custom_status,
        row.created_at,
        now,
        expected.instance_id,
        expected.execution_id,
        expected.version,
      ) === 1
    );
  }
}

export function startedEvent(instance: NewInstance, executionId: string, at: string): HistoryEvent {
  const { parent } = instance;
  return historyEvent(
    'ExecutionStarted',
    {
      Name: instance.name,
      Version: '',
      Input: instance.input,
      OrchestrationInstance: { InstanceId: instance.instanceId, ExecutionId: executionId },
      ParentInstance:
        parent === undefined
          ? null
          : {
              Name: parent.name,
              TaskScheduleId: parent.taskId,
              OrchestrationInstance: { InstanceId: parent.instanceId, ExecutionId: parent.executionId },
            },
      Tags: null,
    },
    at,
  );
}

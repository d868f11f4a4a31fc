/** Numbers of the Durable Task Framework; `durable-functions` reads them in the history it is sent. */
export const eventTypes = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventRaised: 15,
  ContinueAsNew: 16,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

export type EventName = keyof typeof eventTypes;

export interface ParentInstance {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly taskId: number;
}

interface EventBodies {
  ExecutionStarted: {
    readonly Name: string;
    readonly Version: string;
    /** JSON text, or null. */
    readonly Input: string | null;
    readonly OrchestrationInstance: { readonly InstanceId: string; readonly ExecutionId: string };
    readonly ParentInstance: object | null;
    readonly Tags: null;
  };
  ExecutionCompleted: { readonly OrchestrationStatus: RuntimeStatus; readonly Result: string | null };
  ExecutionTerminated: { readonly Input: string | null };
  /** Input is a JSON array of one element, as the extension writes it. */
  TaskScheduled: { readonly Name: string; readonly Version: string; readonly Input: string };
  TaskCompleted: { readonly TaskScheduledId: number; readonly Result: string | null };
  TaskFailed: FailedTask;
  SubOrchestrationInstanceCreated: {
    readonly Name: string;
    readonly Version: string;
    readonly InstanceId: string;
    readonly Input: string | null;
  };
  SubOrchestrationInstanceCompleted: { readonly TaskScheduledId: number; readonly Result: string | null };
  SubOrchestrationInstanceFailed: FailedTask;
  TimerCreated: { readonly FireAt: string };
  TimerFired: { readonly TimerId: number; readonly FireAt: string };
  OrchestratorStarted: object;
  OrchestratorCompleted: object;
  EventRaised: { readonly Name: string; readonly Input: string };
  ContinueAsNew: { readonly Result: string | null };
  ExecutionSuspended: { readonly Reason: string | null };
  ExecutionResumed: { readonly Reason: string | null };
}

interface FailedTask {
  readonly TaskScheduledId: number;
  readonly Reason: string;
  readonly Details: string | null;
  readonly FailureDetails: null;
}

/** One event as it is stored. `Kind` is this host's; the rest is what Azure's extension sends. */
export type HistoryEvent = {
  [Name in EventName]: {
    readonly Kind: Name;
    readonly EventType: (typeof eventTypes)[Name];
    readonly EventId: number;
    /** ISO 8601, UTC. */
    readonly Timestamp: string;
  } & EventBodies[Name];
}[EventName];

export type EventOf<Name extends EventName> = Extract<HistoryEvent, { Kind: Name }>;

export function historyEvent<Name extends EventName>(
  kind: Name,
  body: EventBodies[Name],
  at: string,
  eventId = -1,
): EventOf<Name> {
  return {
    Kind: kind,
    EventType: eventTypes[kind],
    EventId: eventId,
    Timestamp: at,
    ...body,
  } as EventOf<Name>;
}

export type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

export const terminalStatuses: readonly RuntimeStatus[] = ['Completed', 'Failed', 'Terminated'];

export function isTerminal(status: RuntimeStatus): boolean {
  return terminalStatuses.includes(status);
}

/** The id of the task that an event completes, or undefined. */
export function completedTaskId(event: HistoryEvent): number | undefined {
  if (event.Kind === 'TimerFired') return event.TimerId;
  return 'TaskScheduledId' in event ? event.TaskScheduledId : undefined;
}

import type { EventOf, HistoryEvent } from './history.ts';
import type { Action, OrchestratorOutput } from './orchestrator-output.ts';
import { Task, whenAll, whenAny } from './replay-task.ts';

/** Something new that the orchestrator asked for. */
export type Scheduled =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: string }
  | {
      readonly kind: 'sub-orchestration';
      readonly id: number;
      readonly name: string;
      readonly instanceId: string;
      readonly input: string | null;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAt: Date };

export interface ReplayResult {
  readonly scheduled: readonly Scheduled[];
  /** The orchestrator has returned and nothing it started is open any more. */
  readonly isComplete: boolean;
  readonly continueAsNew: { readonly input: string | null } | undefined;
  /** Events that came after continue-as-new: the next generation gets them. */
  readonly carriedOver: readonly EventOf<'EventRaised'>[];
  /** Events no one waited for before continue-as-new: Azure drops them (durable-python issue 331). */
  readonly droppedEvents: readonly string[];
  /** Events a waiter took. */
  readonly consumedEvents: readonly EventOf<'EventRaised'>[];
  readonly isSuspended: boolean;
}

export class NonDeterminism extends Error {}

const dayMs = 86_400_000;
/** Azure Storage's limits: a timer longer than the first is made of timers of the second. */
const longestTimerMs = 6 * dayMs;
const timerIntervalMs = 3 * dayMs;

export interface ReplayOptions {
  readonly executionId: string;
  /**
   * Azure's extension lets a timer that was cancelled complete at once, so that on replay what follows it runs
   * ahead of the events it had waited for. `false` shows the order in which the orchestrator itself went.
   */
  readonly cancelledTimersComplete: boolean;
}

/**
 * Replays the actions of an orchestrator against its history, as Azure's extension does: an action is taken up
 * when the one before it has completed, ids are given in that order, and each event of the history that records
 * a scheduled task must meet an action of its id, type and name.
 */
export class ActionReplay {
  readonly #output: OrchestratorOutput;
  readonly #options: ReplayOptions;
  readonly #unmatched = new Map<number, Scheduled>();
  readonly #open = new Map<number, Task>();
  readonly #waiters = new Map<string, Task[]>();
  readonly #buffered = new Map<string, number>();
  readonly #carriedOver: EventOf<'EventRaised'>[] = [];
  readonly #consumed: EventOf<'EventRaised'>[] = [];
  readonly #whileSuspended: HistoryEvent[] = [];
  #suspended: Scheduled[] | undefined;
  #nextId = 0;
  #position = 0;
  #current: Task | undefined;
  #isSuspended = false;
  #hasReturned = false;
  #continueAsNew: { input: string | null } | undefined;
  #now = 0;

  constructor(output: OrchestratorOutput, options: ReplayOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** @throws NonDeterminism */
  run(history: readonly HistoryEvent[]): ReplayResult {
    for (const event of history) this.#process(event);
    return {
      scheduled: this.#isSuspended ? [] : [...this.#unmatched.values()].sort((a, b) => a.id - b.id),
      isComplete: this.#hasReturned && this.#open.size === 0,
      continueAsNew: this.#continueAsNew,
      carriedOver: this.#carriedOver,
      droppedEvents: [...this.#buffered].filter(([, count]) => count > 0).map(([name]) => name),
      consumedEvents: this.#consumed,
      isSuspended: this.#isSuspended,
    };
  }

  #process(event: HistoryEvent): void {
    if (event.Kind === 'OrchestratorStarted') {
      this.#now = Date.parse(event.Timestamp);
    } else if (event.Kind === 'ExecutionResumed') {
      this.#resume();
    } else if (this.#isSuspended) {
      if (event.Kind !== 'ExecutionSuspended') this.#whileSuspended.push(event);
    } else {
      this.#handle(event);
    }
  }

  #handle(event: HistoryEvent): void {
    switch (event.Kind) {
      case 'ExecutionStarted':
        this.#advance();
        break;
      case 'TaskScheduled':
        this.#match(event.EventId, 'activity', event.Name);
        break;
      case 'SubOrchestrationInstanceCreated':
        this.#match(event.EventId, 'sub-orchestration', event.Name);
        break;
      case 'TimerCreated':
        this.#match(event.EventId, 'timer', undefined);
        break;
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'SubOrchestrationInstanceCompleted':
      case 'SubOrchestrationInstanceFailed':
        this.#complete(event.TaskScheduledId);
        break;
      case 'TimerFired':
        this.#complete(event.TimerId);
        break;
      case 'EventRaised':
        this.#raise(event);
        break;
      case 'ExecutionSuspended':
        this.#isSuspended = true;
        this.#suspended = [...this.#unmatched.values()];
        this.#unmatched.clear();
        break;
    }
  }

  #resume(): void {
    this.#isSuspended = false;
    for (const held of this.#suspended ?? []) this.#unmatched.set(held.id, held);
    this.#suspended = undefined;
    for (const event of this.#whileSuspended.splice(0)) this.#process(event);
  }

  #advance(): void {
    while (!this.#hasReturned) {
      if (this.#current === undefined) {
        const action = this.#output.actions[this.#position];
        if (action === undefined) {
          // Nothing more was asked for: either the orchestrator returned or failed, or it waits for no one.
          this.#hasReturned = this.#output.isDone || this.#output.error !== undefined;
          return;
        }
        this.#current = this.#begin(action);
      }
      if (!this.#current.isDone) return;
      this.#current = undefined;
      this.#position++;
    }
  }

  #begin(action: Action): Task {
    switch (action.kind) {
      case 'CallActivity':
        return this.#schedule((id) => ({ kind: 'activity', id, name: action.name, input: action.input }));
      case 'CallSubOrchestrator':
        return this.#schedule((id) => ({
          kind: 'sub-orchestration',
          id,
          name: action.name,
          instanceId: action.instanceId ?? `${this.#options.executionId}:${id}`,
          input: action.input,
        }));
      case 'CreateTimer':
        return this.#timer(action.fireAt, action.isCanceled);
      case 'WaitForExternalEvent':
        return this.#wait(action.name.toLowerCase());
      case 'ContinueAsNew':
        this.#continueAsNew = { input: action.input };
        return Task.completed();
      case 'WhenAll':
        return whenAll(action.actions.map((inner) => this.#begin(inner)));
      case 'WhenAny':
        return whenAny(action.actions.map((inner) => this.#begin(inner)));
    }
  }

  #schedule(describe: (id: number) => Scheduled): Task {
    const id = this.#nextId++;
    const task = new Task();
    this.#unmatched.set(id, describe(id));
    this.#open.set(id, task);
    return task;
  }

  #timer(fireAt: Date, isCanceled: boolean): Task {
    const remaining = fireAt.getTime() - this.#now;
    const isLong = remaining > longestTimerMs;
    const whole = new Task();
    const start = (at: Date): void => {
      const id = this.#nextId;
      const part = this.#schedule((own) => ({ kind: 'timer', id: own, fireAt: at }));
      if (isCanceled) {
        this.#open.delete(id);
        if (this.#options.cancelledTimersComplete) part.complete();
      }
      part.whenDone(() => {
        const left = fireAt.getTime() - this.#now;
        if (isLong && left > 0 && !isCanceled) start(new Date(this.#now + Math.min(left, timerIntervalMs)));
        else whole.complete();
      });
    };
    start(isLong ? new Date(this.#now + timerIntervalMs) : fireAt);
    return whole;
  }

  #wait(name: string): Task {
    const buffered = this.#buffered.get(name) ?? 0;
    if (buffered > 0) {
      this.#buffered.set(name, buffered - 1);
      return Task.completed();
    }
    const task = new Task();
    this.#waiters.set(name, [...(this.#waiters.get(name) ?? []), task]);
    return task;
  }

  #complete(id: number): void {
    const task = this.#open.get(id);
    // A second answer for the same task is no news.
    if (task === undefined) return;
    this.#open.delete(id);
    task.complete();
    this.#advance();
  }

  #raise(event: EventOf<'EventRaised'>): void {
    if (this.#continueAsNew !== undefined) {
      this.#carriedOver.push(event);
      return;
    }
    const name = event.Name.toLowerCase();
    // The newest waiter gets the event, so that one abandoned in an earlier Task.any does not.
    const waiter = this.#waiters.get(name)?.pop();
    if (waiter === undefined) {
      this.#buffered.set(name, (this.#buffered.get(name) ?? 0) + 1);
      return;
    }
    this.#consumed.push(event);
    waiter.complete();
    this.#advance();
  }

  #match(id: number, kind: Scheduled['kind'], name: string | undefined): void {
    const action = this.#unmatched.get(id);
    const recorded = `${kind} ${name === undefined ? '' : `"${name}" `}with id ${id}`;
    if (action === undefined) {
      throw new NonDeterminism(
        `The history has the ${recorded}, which the orchestrator does not ask for any more. ${advice}`,
      );
    }
    const actual = 'name' in action ? action.name : undefined;
    if (action.kind !== kind || actual?.toLowerCase() !== name?.toLowerCase()) {
      throw new NonDeterminism(
        `The history has the ${recorded}, the orchestrator now asks for the ${action.kind}${actual === undefined ? '' : ` "${actual}"`}. ${advice}`,
      );
    }
    this.#unmatched.delete(id);
  }
}

const advice = 'Was the orchestrator changed while this instance ran, or does it do more than decide?';

import assert from 'node:assert/strict';
import type { ActivityName } from '../../shared/transfer/activities.ts';
import { bucketsOrchestration } from '../../shared/transfer/buckets-orchestration.ts';
import { filesOrchestration, snapshotOrchestration } from '../../shared/transfer/files-orchestration.ts';
import type { Orchestration, OrchestratorName, Steps, Task } from '../../shared/transfer/orchestration.ts';
import { runOrchestration } from '../../shared/transfer/run-orchestration.ts';
import { sessionsOrchestration } from '../../shared/transfer/sessions-orchestration.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A task of a generation: what its history holds of it. Input and result travel as JSON. */
interface Scheduled {
  readonly kind: 'activity' | 'orchestrator' | 'timer';
  readonly name: string;
  readonly input: string;
  state: 'waiting' | 'done' | 'failed';
  result?: string;
}

/** What an orchestrator yields: the tasks it waits for. */
interface Awaited {
  readonly of: readonly number[];
  readonly all: boolean;
}

interface Instance {
  readonly id: string;
  readonly name: OrchestratorName;
  input: string;
  parent?: { readonly instance: Instance; readonly task: Scheduled };
  /** Of this generation, in the order they were made. */
  tasks: Scheduled[];
  status: 'running' | 'completed' | 'failed';
  output?: string;
  queued: boolean;
}

type Message =
  | { readonly kind: 'episode'; readonly instance: Instance }
  | { readonly kind: 'activity'; readonly task: Scheduled; readonly instance: Instance };

const orchestrations = {
  run: runOrchestration,
  'site-sessions': sessionsOrchestration,
  'site-snapshot': snapshotOrchestration,
  'site-buckets': bucketsOrchestration,
  'site-files': filesOrchestration,
} as unknown as Readonly<
  Record<OrchestratorName, (durable: Orchestration, input: unknown) => Steps<unknown>>
>;

export interface EngineOptions {
  readonly time: VirtualTime;
  /** In [0, below). */
  readonly choose: (below: number) => number;
  /** Whether the activity's message comes a second time. */
  readonly twice: () => boolean;
  /** Rejects with anything: the activity failed. Resolves to `died`: nobody knows how far it came. */
  readonly perform: (
    name: ActivityName,
    input: unknown,
  ) => Promise<{ readonly died: boolean; readonly result?: unknown }>;
  readonly onEnd?: (name: OrchestratorName, id: string) => void;
}

/**
 * Runs the orchestrations as the durable engine does, in memory: histories outlive the hosts, orchestrators are made
 * again from them, activities are delivered at least once and in any order. An orchestrator that asks for something
 * else than its history says fails the test.
 */
export class DurableEngine {
  readonly #options: EngineOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #ready: Message[] = [];
  /** Activities under way. */
  busy = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  start(name: OrchestratorName, id: string, input: unknown): void {
    if (this.#instances.has(id)) return;
    this.#create(name, id, JSON.stringify(input));
  }

  status(id: string): Instance['status'] | undefined {
    return this.#instances.get(id)?.status;
  }

  whyEnded(id: string): string | undefined {
    const instance = this.#instances.get(id);
    return instance?.status === 'failed' ? instance.output : undefined;
  }

  /** Lets one of the messages that wait be worked on. False: there is none. */
  step(): boolean {
    if (this.#ready.length === 0) return false;
    const at = this.#options.choose(this.#ready.length);
    const last = this.#ready.pop();
    const message = at < this.#ready.length ? this.#ready[at] : last;
    if (at < this.#ready.length && last) this.#ready[at] = last;
    if (message?.kind === 'episode') this.#episode(message.instance);
    else if (message) {
      if (this.#options.twice()) this.#ready.push(message);
      void this.#perform(message);
    }
    return true;
  }

  #create(name: OrchestratorName, id: string, input: string, parent?: Instance['parent']): void {
    const instance: Instance = { id, name, input, tasks: [], status: 'running', queued: false };
    if (parent) instance.parent = parent;
    this.#instances.set(id, instance);
    this.#wake(instance);
  }

  #wake(instance: Instance): void {
    if (instance.queued || instance.status !== 'running') return;
    instance.queued = true;
    this.#ready.push({ kind: 'episode', instance });
  }

  async #perform(message: Extract<Message, { kind: 'activity' }>): Promise<void> {
    const { task, instance } = message;
    this.busy++;
    try {
      const { died, result } = await this.#options.perform(task.name as ActivityName, JSON.parse(task.input));
      if (!died) this.#complete(instance, task, 'done', result);
      else if (task.state === 'waiting') this.#ready.push(message);
    } catch (error) {
      this.#complete(instance, task, 'failed', error instanceof Error ? error.message : String(error));
    } finally {
      this.busy--;
    }
  }

  #complete(instance: Instance, task: Scheduled, state: 'done' | 'failed', result: unknown): void {
    if (task.state !== 'waiting') return;
    task.state = state;
    task.result = JSON.stringify(result ?? null);
    this.#wake(instance);
  }

  #episode(instance: Instance): void {
    instance.queued = false;
    if (instance.status !== 'running') return;
    const made: Scheduled[] = [];
    const children: { id: string; task: Scheduled }[] = [];
    const timers: { ms: number; task: Scheduled }[] = [];
    let next: { input: unknown } | undefined;
    let index = 0;
    const ask = (
      kind: Scheduled['kind'],
      name: string,
      input: unknown,
    ): { task: Task; scheduled: Scheduled; fresh: boolean } => {
      const text = JSON.stringify(input ?? null);
      const at = index++;
      const known = instance.tasks[at];
      const task: Awaited = { of: [at], all: false };
      if (known) {
        assert.deepEqual(
          [kind, name, text],
          [known.kind, known.name, known.input],
          `${instance.id}: another order`,
        );
        return { task, scheduled: known, fresh: false };
      }
      const scheduled: Scheduled = { kind, name, input: text, state: 'waiting' };
      instance.tasks.push(scheduled);
      made.push(scheduled);
      return { task, scheduled, fresh: true };
    };
    const durable: Orchestration = {
      activity: (name, input) => ask('activity', name, input).task,
      orchestrator: (name, input, id) => {
        const asked = ask('orchestrator', name, input);
        if (asked.fresh) children.push({ id, task: asked.scheduled });
        return asked.task;
      },
      all: (tasks) => ({ of: tasks.flatMap((task) => (task as Awaited).of), all: true }) satisfies Awaited,
      sleep: (ms) => {
        const asked = ask('timer', '', ms);
        if (asked.fresh) timers.push({ ms, task: asked.scheduled });
        return asked.task;
      },
      continueAsNew: (input) => {
        next = { input };
      },
    };
    // Nothing is kept in memory between episodes: each begins from the history, as if its host had just been started.
    const steps = orchestrations[instance.name](durable, JSON.parse(instance.input));
    const ended = this.#advance(instance, steps);
    for (const scheduled of made)
      if (scheduled.kind === 'activity') this.#ready.push({ kind: 'activity', task: scheduled, instance });
    for (const { id, task } of children)
      this.#create(task.name as OrchestratorName, id, task.input, { instance, task });
    const { time } = this.#options;
    for (const { ms, task } of timers)
      time.at(time.now + ms, true, () => this.#complete(instance, task, 'done', null));
    if (!ended) return;
    if (ended.status === 'completed' && next) {
      instance.input = JSON.stringify(next.input);
      instance.tasks = [];
      this.#wake(instance);
      return;
    }
    this.#end(instance, ended.status, ended.output);
  }

  #advance(
    instance: Instance,
    steps: Steps<unknown>,
  ): { status: 'completed' | 'failed'; output: string } | undefined {
    try {
      let turn = steps.next();
      while (!turn.done) {
        const { of, all } = turn.value as Awaited;
        const tasks = of.map((at) => {
          const task = instance.tasks[at];
          assert.ok(task, 'it yields only what it was given');
          return task;
        });
        const failed = tasks.find(({ state }) => state === 'failed');
        if (!failed && tasks.some(({ state }) => state === 'waiting')) return undefined;
        const results = tasks.map(({ result = 'null' }) => (failed ? undefined : JSON.parse(result)));
        turn = failed ? steps.throw(new Error(failed.result)) : steps.next(all ? results : results[0]);
      }
      return { status: 'completed', output: JSON.stringify(turn.value ?? null) };
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return { status: 'failed', output: error instanceof Error ? error.message : String(error) };
    }
  }

  #end(instance: Instance, status: 'completed' | 'failed', output: string): void {
    instance.status = status;
    instance.output = output;
    instance.tasks = [];
    if (instance.parent)
      this.#complete(
        instance.parent.instance,
        instance.parent.task,
        status === 'completed' ? 'done' : 'failed',
        status === 'completed' ? JSON.parse(output) : output,
      );
    this.#options.onEnd?.(instance.name, instance.id);
  }
}

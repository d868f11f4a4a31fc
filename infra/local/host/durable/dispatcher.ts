import { Failure } from '../../../../shared/errors.ts';
import { describe } from '../http-server.ts';
import { runActivity } from './activity-run.ts';
import { commitEpisode } from './commit.ts';
import { type Decision, type EpisodeContext, runEpisode } from './episode.ts';
import type { ActivityMessage, DurableStore, InstanceRow } from './store.ts';

export interface DispatcherOptions extends EpisodeContext {
  readonly store: DurableStore;
  readonly maxActivities: number;
  readonly maxOrchestrators: number;
  /** `twice-overlapping`: a test mode in which every message is worked on twice at the same time. */
  readonly delivery: 'once' | 'twice-overlapping';
}

/** setTimeout takes at most 2^31 − 1 ms; waking up each minute also follows a clock that was set. */
const longestWaitMs = 60_000;
const payloadWarningBytes = 16 * 1024;

/**
 * Takes messages from the store and works on them, within the limits of host.json. A message stays in the store
 * until the transaction that answers it; what is being worked on is known in memory only, so that a host that was
 * killed leaves nothing locked.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #orchestrations = new Map<string, Promise<void>>();
  readonly #activities = new Map<number, Promise<void>>();
  #idleWaiters: { readonly resolve: () => void; readonly reject: (error: Failure) => void }[] = [];
  #isRunning = false;
  #isAwake = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isRunning = true;
    this.wake();
  }

  /** To be called after anything was put into the store. */
  wake(): void {
    if (!this.#isRunning || this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => {
      this.#isAwake = false;
      this.#pump();
    });
  }

  /**
   * Resolves when no orchestration is pending or running and no message waits. Rejects with `disk-full` when that cannot
   * come about without a person; the work is tried again all the same.
   */
  idle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#idleWaiters.push({ resolve, reject });
      this.wake();
    });
  }

  /** Takes no more messages and waits for the work under way, at most `limitMs`. @returns whether it all ended */
  async stop(limitMs: number): Promise<boolean> {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    const work = Promise.all([...this.#orchestrations.values(), ...this.#activities.values()]).then(
      () => true,
    );
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
    });
    const ended = await Promise.race([work, limit]);
    clearTimeout(timer);
    return ended;
  }

  #pump(): void {
    if (!this.#isRunning) return;
    const { store, maxActivities, maxOrchestrators } = this.#options;
    const now = Date.now();
    // As many again as may be under way: those under way are among them.
    for (const instanceId of store.readyInstances(now, 2 * maxOrchestrators)) {
      if (this.#orchestrations.size >= maxOrchestrators) break;
      if (!this.#orchestrations.has(instanceId)) {
        this.#track(this.#orchestrations, instanceId, this.#advance(instanceId));
      }
    }
    if (this.#activities.size < maxActivities) {
      for (const activity of store.activities(2 * maxActivities)) {
        if (this.#activities.size >= maxActivities) break;
        if (!this.#activities.has(activity.seq))
          this.#track(this.#activities, activity.seq, this.#work(activity));
      }
    }
    if (this.#orchestrations.size + this.#activities.size === 0 && store.isIdle()) {
      for (const { resolve } of this.#idleWaiters.splice(0)) resolve();
    }
    const due = store.nextDueAfter(now);
    clearTimeout(this.#timer);
    if (due !== undefined) this.#timer = setTimeout(() => this.wake(), Math.min(due - now, longestWaitMs));
  }

  #track<Key>(running: Map<Key, Promise<void>>, key: Key, work: Promise<void>): void {
    running.set(
      key,
      work
        .catch(async (error: unknown) => {
          this.#options.log.error('durable back end failed; the message is tried again', {
            error: describe(error),
          });
          if (error instanceof Failure && error.code === 'disk-full')
            for (const { reject } of this.#idleWaiters.splice(0)) reject(error);
          await new Promise((resolve) => setTimeout(resolve, 1000));
        })
        .finally(() => {
          running.delete(key);
          this.wake();
        }),
    );
  }

  async #advance(instanceId: string): Promise<void> {
    const { store, log } = this.#options;
    const instance = store.instance(instanceId);
    const messages = store.messages(instanceId, Date.now());
    if (instance === undefined) {
      store.database.transaction(() => store.deleteMessages(messages));
      return;
    }
    const history = store.history(instanceId);
    if (history.length === 0) this.#warnOfSize(instance.input, instance.name, 'input');
    await this.#deliver(async () => {
      const decision = await runEpisode(instance, history, messages, new Date(), this.#options);
      if (store.database.isClosed) return;
      if (commitEpisode(store, { instance, history, messages, decision }, log)) {
        if (decision.kind === 'decided') this.#warnOfDecision(instance, decision);
      } else {
        log.debug('episode discarded: the instance went on meanwhile', { instanceId });
      }
    });
  }

  async #work(activity: ActivityMessage): Promise<void> {
    const { store } = this.#options;
    this.#warnOfSize(activity.input, activity.name, 'input');
    await this.#deliver(async () => {
      const answer = await runActivity(activity, this.#options);
      if (store.database.isClosed) return;
      if (answer.Kind === 'TaskCompleted') this.#warnOfSize(answer.Result, activity.name, 'result');
      store.completeActivity(activity, answer);
      this.wake();
    });
  }

  async #deliver(work: () => Promise<void>): Promise<void> {
    await Promise.all(this.#options.delivery === 'once' ? [work()] : [work(), work()]);
  }

  #warnOfDecision(instance: InstanceRow, { output, replay }: Extract<Decision, { kind: 'decided' }>): void {
    this.#warnOfSize(output.output, instance.name, 'output');
    if (replay.isComplete && replay.continueAsNew !== undefined && replay.droppedEvents.length > 0) {
      this.#options.log.warn('continue-as-new drops events that no one waited for, as Azure does', {
        function: instance.name,
        instanceId: instance.instance_id,
        events: replay.droppedEvents.join(', '),
      });
    }
  }

  #warnOfSize(payload: string | null, name: string, what: string): void {
    const bytes = payload === null ? 0 : Buffer.byteLength(payload);
    if (bytes <= payloadWarningBytes) return;
    this.#options.log.warn('payload is large; history is for references', { function: name, what, bytes });
  }
}

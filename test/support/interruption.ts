import type { FileAttempt, FileStore } from '../../shared/destinations/file/file-store.ts';
import { Failure } from '../../shared/errors.ts';
import type { StateStore } from '../../shared/state/state-store.ts';

/**
 * - `die`: the call never returns and nothing after it happens, as when the process is killed
 * - `throw`: the call fails, once, as when the connection breaks
 * - `pause`: the call waits for `resume`
 */
export type InterruptionKind = 'die' | 'throw' | 'pause';

/** Stands between a destination and its state and store, counts the calls, and interrupts one of them. */
export class Interruption {
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  /** Resolves when the interruption has happened. */
  readonly reached: Promise<void>;
  readonly #kind: InterruptionKind;
  readonly #at: number | string;
  readonly #when: 'before' | 'after';
  readonly #attempts: FileAttempt[] = [];
  readonly #resumed: Promise<void>;
  #reach: () => void = () => undefined;
  #resume: () => void = () => undefined;
  #dead = false;

  /** @param at number of the call, from 1, or the name of the first such call; 0 = none, only count */
  constructor(kind: InterruptionKind, at: number | string, when: 'before' | 'after' = 'before') {
    this.#kind = kind;
    this.#at = at;
    this.#when = when;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#resumed = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume();
  }

  /** Ends what a dead process would have left to its operating system. */
  async bury(): Promise<void> {
    for (const attempt of this.#attempts) await attempt.discard();
  }

  state(state: StateStore): StateStore {
    return this.#wrap('state', state, ['get', 'list', 'insert', 'update', 'put', 'remove', 'batch']);
  }

  store(store: FileStore): FileStore {
    const wrapped = this.#wrap('store', store, ['stat', 'remove', 'sweep']);
    wrapped.begin = (key) =>
      this.#call('store.begin', async () => {
        const attempt = await store.begin(key);
        this.#attempts.push(attempt);
        return this.#wrap('attempt', attempt, ['write', 'put', 'discard']);
      });
    return wrapped;
  }

  #wrap<T extends object>(what: string, target: T, methods: readonly (keyof T & string)[]): T {
    const wrapped = bindMethods(target);
    for (const name of methods) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      wrapped[name] = (...args: unknown[]) => this.#call(`${what}.${name}`, () => method.apply(target, args));
    }
    return wrapped as T;
  }

  async #call<R>(name: string, work: () => Promise<R>): Promise<R> {
    if (this.#dead) return new Promise(() => undefined);
    const number = this.calls.push(name);
    // To discard never throws; that is its promise.
    const meant = number === this.#at || (name === this.#at && this.calls.indexOf(name) === number - 1);
    const here = meant && !(this.#kind === 'throw' && name === 'attempt.discard');
    if (here && this.#when === 'before') await this.#interrupt();
    const result = await work();
    if (here && this.#when === 'after') await this.#interrupt();
    return result;
  }

  async #interrupt(): Promise<void> {
    this.#reach();
    if (this.#kind === 'throw') throw new Failure('transient', 'interrupted', 'the test broke this call');
    if (this.#kind === 'pause') return this.#resumed;
    this.#dead = true;
    return new Promise(() => undefined);
  }
}

/** A stand-in for an object whose methods can be replaced one by one. */
export function bindMethods(target: object): Record<string, unknown> {
  const wrapped = Object.create(target) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(target))) {
    const method = (target as Record<string, unknown>)[name];
    // Private fields are not reached through the prototype chain, so every method is bound to its own object.
    if (typeof method === 'function' && name !== 'constructor') wrapped[name] = method.bind(target);
  }
  return wrapped;
}

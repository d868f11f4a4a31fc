import type { FileAttempt, FileStore } from '../../shared/destinations/file/file-store.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { bindMethods } from './interruption.ts';

/** Lets a run make one call to state and store at a time, when it is told to, and ends it after so many. */
export class Turns {
  readonly died: Promise<void>;
  #calls = 0;
  readonly #life: number;
  #next: (() => void) | undefined;
  #die: () => void = () => undefined;

  constructor(life: number) {
    this.#life = life;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get waiting(): boolean {
    return this.#next !== undefined;
  }

  go(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }

  state(state: StateStore): StateStore {
    return this.#wrap(state, ['get', 'list', 'insert', 'update', 'put', 'remove', 'batch']);
  }

  store(store: FileStore): FileStore {
    const wrapped = this.#wrap(store, ['stat', 'remove', 'sweep']);
    wrapped.begin = (key) =>
      this.#call(
        async (): Promise<FileAttempt> => this.#wrap(await store.begin(key), ['write', 'put', 'discard']),
      );
    return wrapped;
  }

  #wrap<T extends object>(target: T, methods: readonly (keyof T & string)[]): T {
    const wrapped = bindMethods(target);
    for (const name of methods) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      wrapped[name] = (...args: unknown[]) => this.#call(() => method.apply(target, args));
    }
    return wrapped as T;
  }

  async #call<R>(work: () => Promise<R>): Promise<R> {
    await new Promise<void>((resolve) => {
      this.#next = resolve;
    });
    this.#calls++;
    if (this.#calls > this.#life) {
      this.#die();
      return new Promise(() => undefined);
    }
    return work();
  }
}

import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

interface Sleeper {
  readonly at: number;
  /** Somebody waits for it: when nothing else can go on, the clock is moved to it. */
  readonly drives: boolean;
  wake(): void;
}

/** A clock that moves when it is told to, and those who sleep by it. Milliseconds since 1970. */
export class VirtualTime {
  now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now: number) {
    this.now = now;
  }

  /** Calls back once the clock has reached the instant; the answer takes the order back. */
  at(instant: number, drives: boolean, wake: () => void): () => void {
    const sleeper: Sleeper = { at: instant, drives, wake };
    this.#sleepers.add(sleeper);
    return () => this.#sleepers.delete(sleeper);
  }

  /** Wakes whoever is due, in order. */
  wakeDue(): boolean {
    const due: Sleeper[] = [];
    for (const sleeper of this.#sleepers) if (sleeper.at <= this.now) due.push(sleeper);
    due.sort((a, b) => a.at - b.at);
    for (const sleeper of due) if (this.#sleepers.delete(sleeper)) sleeper.wake();
    return due.length > 0;
  }

  /** The next instant for which somebody waits. */
  next(): number | undefined {
    let next: number | undefined;
    for (const { at, drives } of this.#sleepers) if (drives && (next === undefined || at < next)) next = at;
    return next;
  }
}

/**
 * Puts the timers that the product uses (`setTimeout` of node:timers/promises, `setInterval`) on virtual time, for the
 * whole process: waits of retries, slots and cancel watches then cost no real time, and come at the same moment in
 * every repeat of a seed. A timer that is not to keep a process alive does not move the clock either.
 */
export function takeOverTimers(time: () => VirtualTime): void {
  const sleep = (ms = 0, value?: unknown, options: { signal?: AbortSignal; ref?: boolean } = {}) =>
    new Promise((resolve, reject) => {
      const { signal, ref = true } = options;
      if (signal?.aborted) return reject(abortError(signal));
      const stop = () => {
        cancel();
        reject(abortError(signal));
      };
      const cancel = time().at(time().now + ms, ref, () => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  Object.assign(timers, { setTimeout: sleep });
  syncBuiltinESMExports();
  Object.assign(globalThis, {
    setInterval: (wake: () => void, ms: number) => new Interval(time(), wake, ms),
    clearInterval: (interval: Interval | undefined) => interval?.clear(),
  });
}

class Interval {
  readonly #time: VirtualTime;
  readonly #wake: () => void;
  readonly #ms: number;
  #cancel: () => void = () => undefined;

  constructor(time: VirtualTime, wake: () => void, ms: number) {
    this.#time = time;
    this.#wake = wake;
    this.#ms = ms;
    this.#next();
  }

  unref(): this {
    return this;
  }

  clear(): void {
    this.#cancel();
  }

  #next(): void {
    this.#cancel = this.#time.at(this.#time.now + this.#ms, false, () => {
      this.#next();
      this.#wake();
    });
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}

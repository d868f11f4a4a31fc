import { bindMethods } from '../support/interruption.ts';

/** What every call of a dead host ends with. Whoever catches it can do nothing any more: each further call throws too. */
export class Death extends Error {
  override readonly name = 'Death';
}

/** Chance, as far as calls between the product and its ports need it. */
export interface Fate {
  /** Turns of the other work before the call is made: what goes on at once comes in ever another order. */
  turns(): number;
  /** Whether the host dies at this call, before or after it took effect. */
  death(call: string): 'before' | 'after' | undefined;
}

/** A process: it is dead from one call to the next, and nothing that it does afterwards has an effect. */
export class MortalHost {
  readonly #fate: Fate;
  readonly #onDeath: () => void;
  dead = false;

  constructor(fate: Fate, onDeath: () => void) {
    this.#fate = fate;
    this.#onDeath = onDeath;
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.#onDeath();
  }

  async call<R>(name: string, work: () => Promise<R>): Promise<R> {
    for (let turns = this.#fate.turns(); turns > 0; turns--) await undefined;
    const death = this.dead ? undefined : this.#fate.death(name);
    if (death === 'before') this.die();
    if (this.dead) throw new Death(name);
    const result = await work();
    if (death === 'after') this.die();
    if (this.dead) throw new Death(name);
    return result;
  }

  /** The port as this process reaches it. Methods in `streams` give chunks. */
  port<T extends object>(
    what: string,
    target: T,
    methods: readonly (keyof T & string)[],
    streams: readonly (keyof T & string)[] = [],
  ): T {
    const wrapped = bindMethods(target);
    for (const name of methods) {
      const method = target[name] as (...given: unknown[]) => Promise<unknown>;
      wrapped[name] = (...given: unknown[]) =>
        this.call(`${what}.${name}`, () => method.apply(target, given));
    }
    for (const name of streams) {
      const method = target[name] as (...given: unknown[]) => AsyncIterable<unknown>;
      wrapped[name] = (...given: unknown[]) => this.stream(`${what}.${name}`, method.apply(target, given));
    }
    return wrapped as T;
  }

  async *stream<C>(name: string, chunks: AsyncIterable<C>): AsyncGenerator<C> {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await this.call(name, () => iterator.next());
        if (step.done) return;
        yield step.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}

import { inspect } from 'node:util';

/**
 * A text with a password in it. Printed, logged, inspected or made into JSON, it shows itself without; only `reveal` gives
 * it whole.
 */
export class SecretText {
  readonly #whole: string;
  readonly #shown: string;

  constructor(whole: string, shown: string) {
    this.#whole = whole;
    this.#shown = shown;
  }

  /** To be handed to the one who asked for it, and to no log. */
  reveal(): string {
    return this.#whole;
  }

  toString(): string {
    return this.#shown;
  }

  toJSON(): string {
    return this.#shown;
  }

  [inspect.custom](): string {
    return this.#shown;
  }
}

import type { z } from 'zod';
import { plainIssues } from '../../shared/settings/plain-issues.ts';
import { type Terminal, UsageError } from './command.ts';

export interface Question<T> {
  /** The option that answers it too, without hyphens in front. */
  readonly key: string;
  readonly text: string;
  /** Taken where nothing is answered. */
  readonly fallback?: string | undefined;
  readonly isHidden?: boolean;
  /** Throws UsageError with what is wrong. */
  readonly read: (answer: string) => T;
}

/** Asks, unless the answer was given beforehand; what cannot be is asked again. */
export class Questionnaire {
  readonly #given: Map<string, string>;
  readonly #answered = new Map<string, string>();
  readonly #terminal: Terminal;
  /** Nobody is there to be asked. */
  readonly isSilent: boolean;

  constructor(given: ReadonlyMap<string, string>, terminal: Terminal, isSilent: boolean) {
    this.#given = new Map(given);
    this.#terminal = terminal;
    this.isSilent = isSilent;
  }

  async ask<T>({ key, text, fallback, isHidden = false, read }: Question<T>): Promise<T> {
    const given = this.#given.get(key);
    if (given !== undefined) return readGiven(key, given, read);
    const before = isHidden ? undefined : (this.#answered.get(key) ?? fallback);
    if (this.isSilent) {
      if (before === undefined) throw new UsageError(`--${key}: is missing (${text}).`);
      return readGiven(key, before, read);
    }
    for (;;) {
      const offered = before === undefined || before === '' ? '' : ` [${before}]`;
      const line = await this.#terminal.ask?.(`${text}${offered}: `, { hidden: isHidden });
      if (line === undefined) throw new UsageError(`The answers ended at "${text}"; nothing was saved.`);
      const answer = line.trim() === '' && before !== undefined ? before : line.trim();
      try {
        const value = read(answer);
        this.#answered.set(key, answer);
        return value;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        this.#terminal.say(`  ${error.message}`);
      }
    }
  }

  /** Answers that did not do: they are asked for again, with what was given as the default. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      const given = this.#given.get(key);
      if (given !== undefined) this.#answered.set(key, given);
      this.#given.delete(key);
    }
  }

  isGiven(keys: readonly string[]): boolean {
    return keys.some((key) => this.#given.has(key));
  }

  say(line: string): void {
    if (!this.isSilent) this.#terminal.say(line);
  }

  confirm(key: string, text: string, fallback: boolean): Promise<boolean> {
    return this.ask({
      key,
      text: `${text} (y/n)`,
      fallback: fallback ? 'y' : 'n',
      read(answer) {
        if (/^(y|yes|true)$/i.test(answer)) return true;
        if (/^(n|no|false)$/i.test(answer)) return false;
        throw new UsageError('answer y or n.');
      },
    });
  }

  choose<T extends string>(key: string, text: string, values: readonly T[], fallback?: T): Promise<T> {
    return this.ask({
      key,
      text: `${text} (${values.join(', ')})`,
      fallback,
      read: (answer) => {
        const found = values.find((value) => value === answer);
        if (found === undefined) throw new UsageError(`give one of ${values.join(', ')}.`);
        return found;
      },
    });
  }
}

function readGiven<T>(key: string, given: string, read: (answer: string) => T): T {
  try {
    return read(given);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`--${key}: ${error.message}`);
    throw error;
  }
}

/** Reads an answer by the schema that it will be held against. */
export function by<T extends z.ZodType>(schema: T): (answer: string) => z.output<T> {
  return (answer) => {
    const result = schema.safeParse(answer, { error: plainIssues });
    if (result.success) return result.data;
    throw new UsageError(`${result.error.issues[0]?.message ?? 'is not right'}.`);
  };
}

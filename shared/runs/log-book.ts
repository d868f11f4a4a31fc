import type { Log, LogFields, LogKeeper, LogLevel, LogPage, LogQuery } from '../log.ts';
import { levels } from '../log.ts';
import type { SecretStore } from '../settings/secret-store.ts';
import { isAtLeast, type LogOutput, makeLine } from './log-line.ts';
import { Redactor } from './redaction.ts';

/** Keeps lines so that they can be read and removed. */
export interface LogStore extends LogOutput {
  read(query: LogQuery): Promise<LogPage>;
  flush(): Promise<void>;
  remove(before: number): Promise<number>;
  /** Where lines go from now on; undefined: the usual place. Absent where there is only one place. */
  moveTo?(folder: string | undefined): void;
}

export interface LogBookOptions {
  readonly outputs: readonly LogOutput[];
  readonly store?: LogStore;
  /** The installation's level, until the Application Settings name one. What is no level counts as the least. */
  readonly least: string;
  readonly redactor?: Redactor;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The log of a process: takes every line, leaves out those below the level, takes out what must not be kept, and hands
 * the rest to its outputs and its store.
 */
export class LogBook implements Log, LogKeeper {
  readonly #options: LogBookOptions;
  readonly #redactor: Redactor;
  readonly #installed: LogLevel;
  #least: LogLevel;
  #followed = Number.NEGATIVE_INFINITY;

  constructor(options: LogBookOptions) {
    this.#options = options;
    this.#redactor = options.redactor ?? new Redactor();
    this.#installed = levels.find((level) => level === options.least) ?? 'debug';
    this.#least = this.#installed;
  }

  debug = (message: string, fields?: LogFields): void => this.#write('debug', message, fields);
  info = (message: string, fields?: LogFields): void => this.#write('info', message, fields);
  warn = (message: string, fields?: LogFields): void => this.#write('warn', message, fields);
  error = (message: string, fields?: LogFields): void => this.#write('error', message, fields);

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!isAtLeast(level, this.#least)) return;
    const { outputs, store, now = Date.now } = this.#options;
    const line = makeLine(level, message, fields, { now: now(), redactor: this.#redactor });
    const json = JSON.stringify(line);
    for (const output of outputs) output.write(line, json);
    store?.write(line, json);
  }

  follow({ logLevel, logFolder }: Parameters<LogKeeper['follow']>[0]): void {
    this.#least = logLevel ?? this.#installed;
    this.#options.store?.moveTo?.(logFolder);
    this.#followed = performance.now();
  }

  followedFor(): number {
    return performance.now() - this.#followed;
  }

  /** The same secrets; none that was handed out is written. */
  watch(secrets: SecretStore): SecretStore {
    return this.#redactor.watch(secrets);
  }

  async read(query: LogQuery): Promise<LogPage> {
    return (await this.#options.store?.read(query)) ?? { lines: [] };
  }

  async flush(): Promise<void> {
    const { outputs, store } = this.#options;
    await Promise.all([...outputs, ...(store ? [store] : [])].map((output) => output.flush?.()));
  }

  async remove(before: number): Promise<number> {
    return (await this.#options.store?.remove(before)) ?? 0;
  }
}

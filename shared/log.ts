import { AsyncLocalStorage } from 'node:async_hooks';

/** Structured log lines. Never given a secret, a token, a body or a URL that carries a capability. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** From least to most. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/**
 * One line as it is kept. `run` is the correlation id: from the tick that made the run to the item that was stored,
 * every line of a run has it; with it `instance`, `activity`, `site`, `stream` and `item` where there is one.
 */
export interface LogLine {
  /** ISO 8601, our clock. */
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  /** `client`: what people asked for through the API. `service`: everything that works by itself. */
  readonly log: 'client' | 'service';
  readonly [field: string]: unknown;
}

export interface LogQuery {
  /** This one and those above. */
  readonly level?: LogLevel;
  /** [from, to), milliseconds, our clock. */
  readonly from?: number;
  readonly to?: number;
  /** In the message or in a field, whatever its case. */
  readonly text?: string;
  readonly site?: string;
  readonly run?: string;
  readonly log?: LogLine['log'];
  readonly limit: number;
  /** `next` of the page before. */
  readonly next?: string;
}

/** Newest first. A page can have fewer lines than asked for, none too, and still be followed by another. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  readonly next?: string;
}

/** What is kept of the log, and the settings that it follows. */
export interface LogKeeper {
  /** Follows the Application Settings from now on. */
  follow(settings: {
    readonly logLevel?: LogLevel | undefined;
    readonly logFolder?: string | undefined;
  }): void;
  /** Milliseconds since `follow` was called. */
  followedFor(): number;
  read(query: LogQuery): Promise<LogPage>;
  /** Resolves when what was logged before can be read. */
  flush(): Promise<void>;
  /** Removes what is older, by whole UTC days; resolves to how many days. `before`: milliseconds, our clock. */
  remove(before: number): Promise<number>;
}

const context = new AsyncLocalStorage<LogFields>();

/** Every line that is logged by this work, and by what it calls, has these fields. Undefined ones are left out. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return context.run({ ...context.getStore(), ...fields }, work);
}

export function currentLogFields(): LogFields {
  return context.getStore() ?? {};
}

import { randomUUID } from 'node:crypto';
import type { LogLine, LogPage, LogQuery } from '../log.ts';
import { type Operation, type StateStore, stateKey } from '../state/state-store.ts';
import type { LogStore } from './log-book.ts';
import { dayOf, isAtLeast } from './log-line.ts';
import {
  type Batch,
  DAYS,
  daysOf,
  END_OF_TIME,
  keyAt,
  LONGEST_BATCH,
  readStateLog,
} from './state-log-rows.ts';

export interface StateLogOptions {
  /** Milliseconds that a line waits for others at most. */
  readonly waitMs?: number;
  /** Lines below `warn` that are kept of one process in an hour. */
  readonly mostAnHour?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const BATCH_LINES = 200;
const BATCH_CHARACTERS = 150_000;
/** Lines that wait while the store cannot be written. */
const MOST_WAITING = 5000;
const RETRY_MS = 10_000;
const HOUR = 3_600_000;

/**
 * A log in the state store, a partition a UTC day, newest first. Lines are collected for a few seconds, so that what a
 * process logs costs one call each few seconds and nothing while it is quiet. See docs/decisions.
 */
export class StateLog implements LogStore {
  readonly #state: StateStore;
  readonly #options: Required<StateLogOptions>;
  readonly #process = randomUUID().slice(0, 8);
  readonly #daysKnown = new Set<string>();
  #waiting: LogLine[] = [];
  #lost = 0;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #flight: Promise<void> | undefined;
  #hour = { began: 0, lines: 0, left: 0 };

  constructor(
    state: StateStore,
    { waitMs = 3000, mostAnHour = 50_000, now = Date.now }: StateLogOptions = {},
  ) {
    this.#state = state;
    this.#options = { waitMs, mostAnHour, now };
  }

  write(line: LogLine): void {
    if (!this.#isWithinHour(line)) return;
    this.#waiting.push(line);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#wake(this.#waiting.length >= BATCH_LINES ? 0 : this.#options.waitMs);
  }

  /** What goes wrong in a tight loop must not fill the store: warnings and errors are kept all the same. */
  #isWithinHour(line: LogLine): boolean {
    const now = this.#options.now();
    if (Math.abs(now - this.#hour.began) >= HOUR) {
      const { left } = this.#hour;
      this.#hour = { began: now, lines: 0, left: 0 };
      if (left > 0) this.#waiting.push(this.#told('warn', 'Lines were not kept: too many in an hour', left));
    }
    if (this.#hour.lines++ < this.#options.mostAnHour || isAtLeast(line.level, 'warn')) return true;
    this.#hour.left++;
    return false;
  }

  #told(level: 'warn' | 'error', message: string, lines: number): LogLine {
    return { time: new Date(this.#options.now()).toISOString(), level, message, log: 'service', lines };
  }

  #wake(inMs: number): void {
    if (this.#flight) return;
    if (this.#timer && inMs > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#fly();
    }, inMs);
    this.#timer.unref();
  }

  /** One writer at a time. What cannot be written waits, and is tried again with what comes. */
  #fly(): Promise<void> {
    this.#flight ??= this.#writeAll().finally(() => {
      this.#flight = undefined;
      if (this.#waiting.length > 0) this.#wake(RETRY_MS);
    });
    return this.#flight;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = takeBatch(this.#waiting);
      try {
        await this.#insert(lines);
      } catch {
        // There is no log that could be told. The lines wait, and those that find no room are counted.
        this.#waiting.unshift(...lines);
        const over = Math.max(0, this.#waiting.length - MOST_WAITING);
        this.#waiting.splice(0, over);
        this.#lost += over;
        return;
      }
      if (this.#lost > 0) {
        this.#waiting.push(this.#told('error', 'Lines were lost: the log could not be written', this.#lost));
        this.#lost = 0;
      }
    }
  }

  async #insert(lines: readonly LogLine[]): Promise<void> {
    const at = Date.parse(lines[0]?.time ?? '');
    const day = dayOf(at);
    if (!this.#daysKnown.has(day)) {
      await this.#state.put('logs', DAYS, day, {});
      this.#daysKnown.add(day);
    }
    const sequence = String(END_OF_TIME - this.#sequence++);
    const key = stateKey(keyAt(at), this.#process, sequence);
    await this.#state.put('logs', day, key, { lines } satisfies Batch);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#fly();
    // What came while that flight was under way.
    if (this.#waiting.length > 0) await this.#fly();
  }

  read(query: LogQuery): Promise<LogPage> {
    return readStateLog(this.#state, query);
  }

  async remove(before: number): Promise<number> {
    const old = (await daysOf(this.#state)).filter((day) => day < dayOf(before));
    for (const day of old) {
      for (;;) {
        const { entries } = await this.#state.list('logs', day, { limit: 100 });
        if (entries.length === 0) break;
        await this.#state.batch(
          'logs',
          day,
          entries.map(({ key }): Operation => ({ op: 'remove', key })),
        );
      }
      // Last: a removal that was cut off is found again.
      await this.#state.remove('logs', DAYS, day);
      this.#daysKnown.delete(day);
    }
    return old.length;
  }
}

/** Of one UTC day, no more than a row holds, none before the first and none long after it. */
function takeBatch(waiting: LogLine[]): LogLine[] {
  const first = waiting[0]?.time ?? '';
  const last = new Date(Date.parse(first) + LONGEST_BATCH).toISOString();
  let characters = 0;
  let count = 0;
  for (const { time, ...rest } of waiting) {
    characters += JSON.stringify(rest).length + 40;
    if (count > 0 && (characters > BATCH_CHARACTERS || !isBetween(first, time, last))) break;
    if (++count === BATCH_LINES) break;
  }
  return waiting.splice(0, count);
}

function isBetween(first: string, time: string, last: string): boolean {
  return time >= first && time < last && time.slice(0, 10) === first.slice(0, 10);
}

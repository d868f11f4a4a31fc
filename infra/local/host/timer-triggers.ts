import { Failure } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { RpcTypedData } from './core-types.ts';
import type { HostDatabase } from './durable/database.ts';
import type { HostedFunction } from './function-catalog.ts';
import { describe } from './http-server.ts';
import { NcrontabSchedule } from './ncrontab.ts';

export interface TimerTriggersOptions {
  readonly database: HostDatabase;
  readonly functions: readonly HostedFunction[];
  readonly log: Log;
  invoke(hosted: HostedFunction, input: RpcTypedData): Promise<unknown>;
}

interface Timer {
  readonly hosted: HostedFunction;
  readonly schedule: NcrontabSchedule;
  readonly runOnStartup: boolean;
  /** Whether the schedule is kept over restarts. Off by itself for schedules below a minute, as in Azure. */
  readonly monitored: boolean;
  next: Date;
  handle: NodeJS.Timeout | undefined;
  running: Promise<void>;
}

interface TimerStatus {
  readonly schedule: string;
  readonly last: string;
  readonly next: string;
  readonly updated: string;
}

/** What .NET writes for "never". */
const never = '0001-01-01T00:00:00';
/** setTimeout takes at most 2^31 − 1 ms; waking up hourly also follows a clock that was set. */
const longestWaitMs = 3_600_000;

/** Timer triggers: UTC, one run of a function at a time, a missed occurrence made up for once at start. */
export class TimerTriggers {
  readonly #options: TimerTriggersOptions;
  readonly #timers = new Map<string, Timer>();
  #stopped = true;

  constructor(options: TimerTriggersOptions) {
    this.#options = options;
    for (const hosted of options.functions) {
      if (hosted.kind === 'timer') this.#timers.set(hosted.name.toLowerCase(), compile(hosted));
    }
  }

  start(): void {
    this.#stopped = false;
    const now = new Date();
    for (const timer of this.#timers.values()) {
      const kept = timer.monitored ? this.#status(timer) : undefined;
      const missed = kept?.schedule === timer.schedule.expression && new Date(kept.next) < now;
      if (kept?.schedule !== timer.schedule.expression) this.#save(timer, kept?.last ?? never, timer.next);
      if (missed || timer.runOnStartup) this.#runLogged(timer, missed);
      this.#arm(timer);
    }
  }

  /** Runs the function now, after a run that is under way. @throws what the function throws */
  async fire(name: string): Promise<void> {
    const timer = this.#timers.get(name.toLowerCase());
    if (timer === undefined)
      throw new Failure('terminal', 'no-such-timer', `There is no timer function "${name}".`);
    await this.#run(timer, false);
  }

  /** Stops the schedules and waits for the runs under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer.handle);
    await Promise.allSettled([...this.#timers.values()].map((timer) => timer.running));
  }

  #arm(timer: Timer): void {
    if (this.#stopped) return;
    const wait = Math.min(Math.max(timer.next.getTime() - Date.now(), 0), longestWaitMs);
    timer.handle = setTimeout(() => {
      if (Date.now() < timer.next.getTime()) return this.#arm(timer);
      const due = timer.next;
      timer.next = following(timer.schedule, new Date(Math.max(due.getTime(), Date.now())));
      void this.#runLogged(timer, false).then(() => this.#arm(timer));
    }, wait);
  }

  #runLogged(timer: Timer, isPastDue: boolean): Promise<void> {
    return this.#run(timer, isPastDue).catch((error: unknown) =>
      this.#options.log.error('timer function failed', {
        function: timer.hosted.name,
        error: describe(error),
      }),
    );
  }

  #run(timer: Timer, isPastDue: boolean): Promise<void> {
    const run = timer.running.then(() => this.#invoke(timer, isPastDue));
    timer.running = run.catch(() => undefined);
    return run;
  }

  async #invoke(timer: Timer, isPastDue: boolean): Promise<void> {
    const status = timer.monitored ? this.#status(timer) : undefined;
    const input = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: timer.monitored
        ? { Last: status?.last ?? never, Next: status?.next ?? never, LastUpdated: status?.updated ?? never }
        : null,
      IsPastDue: isPastDue,
    };
    const started = new Date();
    try {
      await this.#options.invoke(timer.hosted, { json: JSON.stringify(input) });
    } finally {
      // After the run, so that a run that was cut off by a kill is made up for.
      if (timer.monitored) this.#save(timer, started.toISOString(), following(timer.schedule, new Date()));
    }
  }

  #status(timer: Timer): TimerStatus | undefined {
    return this.#options.database.get<TimerStatus>(
      'SELECT schedule, last, next, updated FROM timers WHERE name = ?',
      timer.hosted.name,
    );
  }

  #save(timer: Timer, last: string, next: Date): void {
    if (!timer.monitored || this.#options.database.isClosed) return;
    this.#options.database.transaction(() =>
      this.#options.database.run(
        `INSERT INTO timers (name, schedule, last, next, updated) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, last = excluded.last,
           next = excluded.next, updated = excluded.updated`,
        timer.hosted.name,
        timer.schedule.expression,
        last,
        next.toISOString(),
        new Date().toISOString(),
      ),
    );
  }
}

function compile(hosted: HostedFunction): Timer {
  const { schedule: text, runOnStartup, useMonitor } = hosted.trigger as Record<string, unknown>;
  if (typeof text !== 'string') {
    throw new Failure('terminal', 'bad-schedule', `Function "${hosted.name}": its timer has no schedule.`);
  }
  const schedule = new NcrontabSchedule(resolveSettings(text, hosted.name));
  const next = following(schedule, new Date());
  const interval = following(schedule, next).getTime() - next.getTime();
  return {
    hosted,
    schedule,
    runOnStartup: runOnStartup === true,
    monitored: useMonitor !== false && interval >= 60_000,
    next,
    handle: undefined,
    running: Promise.resolve(),
  };
}

/** `%NAME%` stands for an app setting, which is an environment variable. */
function resolveSettings(text: string, functionName: string): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = process.env[name];
    if (value !== undefined) return value;
    throw new Failure(
      'terminal',
      'bad-schedule',
      `Function "${functionName}": the setting ${name} is not set.`,
    );
  });
}

function following(schedule: NcrontabSchedule, after: Date): Date {
  const next = schedule.next(after);
  if (next === undefined)
    throw new Failure('terminal', 'bad-schedule', `"${schedule.expression}" never occurs.`);
  return next;
}

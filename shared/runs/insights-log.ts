import { createHash } from 'node:crypto';
import { type LogLevel, type LogLine, levels } from '../log.ts';
import type { LogOutput } from './log-line.ts';

/** As OpenTelemetry numbers them. */
const severities: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warn: 13, error: 17 };

/** What a record is found by; everything else of the line is in its body. */
const attributes = [
  'log',
  'run',
  'instance',
  'activity',
  'site',
  'stream',
  'item',
  'schedule',
  'code',
] as const;

const MOST_WAITING = 2000;

/** A batch of records, sent or not. */
export type LogSender = (records: readonly InsightsRecord[]) => Promise<boolean>;

export interface InsightsRecord {
  /** The line, as alerts take it apart. */
  readonly body: string;
  readonly severityNumber: number;
  readonly severityText: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** One for a run: OpenTelemetry's name of what correlates. 32 and 16 hexadecimal digits. */
  readonly trace?: { readonly traceId: string; readonly spanId: string };
}

export interface InsightsOptions {
  /** Loads what sends: a second of work that is done when there is a first line, and only where it is configured. */
  readonly load: () => Promise<LogSender>;
  /** Takes the lines that could not be sent, and those before it is known how: the platform collects them. */
  readonly fallback: LogOutput;
  /** Milliseconds that a line waits for others at most. */
  readonly waitMs?: number;
}

interface Waiting {
  readonly line: LogLine;
  readonly json: string;
}

/** Lines as log records of OpenTelemetry, in batches. No line is lost for want of a way: it then goes the other. */
export class InsightsLog implements LogOutput {
  readonly #options: InsightsOptions;
  #sender: Promise<LogSender> | undefined;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flight: Promise<void> = Promise.resolve();

  constructor(options: InsightsOptions) {
    this.#options = options;
  }

  write(line: LogLine, json: string): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#options.fallback.write(line, json);
      return;
    }
    this.#waiting.push({ line, json });
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.waitMs ?? 2000).unref();
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flight = this.#flight.then(() => this.#send());
    return this.#flight;
  }

  async #send(): Promise<void> {
    const batch = this.#waiting.splice(0);
    if (batch.length === 0) return;
    let isSent = false;
    try {
      this.#sender ??= this.#options.load();
      isSent = await (await this.#sender)(batch.map(recordOf));
    } catch {
      // Said by the lines themselves, which come the other way.
      this.#sender = undefined;
    }
    if (!isSent) for (const { line, json } of batch) this.#options.fallback.write(line, json);
  }
}

export function recordOf({ line, json }: Waiting): InsightsRecord {
  const level = levels.find((one) => one === line.level) ?? 'info';
  return {
    body: json,
    severityNumber: severities[level],
    severityText: level.toUpperCase(),
    timestamp: Date.parse(line.time),
    attributes: Object.fromEntries(
      attributes.flatMap((name) => (line[name] === undefined ? [] : [[name, String(line[name])]])),
    ),
    ...(typeof line.run === 'string' ? { trace: traceOf(line.run, String(line.instance ?? '')) } : {}),
  };
}

/** The same for every line of a run, on whatever instance; a span for each of its orchestrations. */
function traceOf(run: string, instance: string): { readonly traceId: string; readonly spanId: string } {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  return { traceId: hash(run).slice(0, 32), spanId: hash(`${run} ${instance}`).slice(0, 16) };
}

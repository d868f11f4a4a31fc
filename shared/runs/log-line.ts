import {
  currentLogFields,
  type LogFields,
  type LogLevel,
  type LogLine,
  type LogQuery,
  levels,
} from '../log.ts';
import type { Redactor } from './redaction.ts';

/** Where lines go. Called in the order in which they were logged; must not throw. */
export interface LogOutput {
  write(line: LogLine, json: string): void;
  flush?(): Promise<void>;
}

const MOST_TEXT = 4000;
const MOST_STACK = 8000;
/** What is looked through for what must not be kept: a cut before that could leave a part of it. */
const MOST_READ = 64_000;

/** Names of what every line has; a field of that name is the line's own. */
const own = new Set(['time', 'level', 'message', 'log']);

/** A line with the fields of the work that logs it, without anything that must not be kept. */
export function makeLine(
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
  { now, redactor }: { readonly now: number; readonly redactor: Redactor },
): LogLine {
  const { log, ...around } = currentLogFields();
  const line: Record<string, unknown> & Pick<LogLine, 'time' | 'level' | 'message' | 'log'> = {
    time: new Date(now).toISOString(),
    level,
    message: clean(message, MOST_TEXT, redactor),
    log: log === 'client' ? 'client' : 'service',
  };
  for (const [name, value] of Object.entries({ ...around, ...fields }))
    if (value !== undefined && !own.has(name))
      line[name] =
        typeof value === 'string' ? clean(value, name === 'stack' ? MOST_STACK : MOST_TEXT, redactor) : value;
  return line;
}

function clean(text: string, most: number, redactor: Redactor): string {
  const whole = redactor.redact(text.slice(0, MOST_READ));
  return whole.length > most ? `${whole.slice(0, most)}…` : whole;
}

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

/** Whether a query asks for the line; its `next` and `limit` are the store's matter. */
export function matches(line: LogLine, query: LogQuery): boolean {
  const { level, from, to, text, site, run, log } = query;
  if (level !== undefined && !isAtLeast(line.level, level)) return false;
  if (run !== undefined && line.run !== run) return false;
  if (site !== undefined && line.site !== site) return false;
  if (log !== undefined && line.log !== log) return false;
  const at = Date.parse(line.time);
  if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return false;
  if (text === undefined || text === '') return true;
  const wanted = text.toLowerCase();
  return Object.entries(line).some(
    ([name, value]) => name !== 'time' && String(value).toLowerCase().includes(wanted),
  );
}

/** The UTC day that a line is kept under, `2026-11-21`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** One JSON object a line. */
export function jsonLines(out: Pick<Console, LogLevel>): LogOutput {
  return { write: ({ level }, json) => out[level](json) };
}

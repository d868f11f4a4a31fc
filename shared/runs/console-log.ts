import type { Log, LogFields } from '../log.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/** One JSON object a line, which the platform's log collection takes apart again. */
export function consoleLog(out: Pick<Console, LogLevel>, least: string): Log {
  const from = Math.max(0, levels.indexOf(least as LogLevel));
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels.indexOf(level) < from) return;
    out[level](JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }));
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

import type { Log, LogLevel } from '../log.ts';
import { LogBook } from './log-book.ts';
import { jsonLines } from './log-line.ts';

export type { LogLevel } from '../log.ts';

/** One JSON object a line, which the platform's log collection takes apart again. Nothing is kept to be read. */
export function consoleLog(out: Pick<Console, LogLevel>, least: string): Log {
  return new LogBook({ outputs: [jsonLines(out)], least });
}

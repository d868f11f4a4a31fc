import { appendFileSync } from 'node:fs';
import type { Log } from '../../shared/log.ts';
import { consoleLog } from '../../shared/runs/console-log.ts';

/** Lines of JSON in a file: the terminal belongs to the progress display. */
export function fileLog(path: string, least: string): Log {
  const write = (line: string) => appendFileSync(path, `${line}\n`);
  return consoleLog({ debug: write, info: write, warn: write, error: write }, least);
}

import { appendFileSync } from 'node:fs';
import type { Log } from '../../shared/log.ts';
import { consoleLog } from '../../shared/runs/console-log.ts';
import { errorCode } from '../../shared/state/file-failure.ts';

/**
 * Lines of JSON in a file: the terminal belongs to the progress display. A file that cannot be written is said there,
 * once until it can be written again: work must not end for want of a log.
 */
export function fileLog(
  path: string,
  least: string,
  say: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Log {
  let isLost = false;
  const write = (line: string) => {
    try {
      appendFileSync(path, `${line}\n`);
      isLost = false;
    } catch (error) {
      if (!isLost) say(`The log ${path} cannot be written (${errorCode(error)}); lines are lost.`);
      isLost = true;
    }
  };
  return consoleLog({ debug: write, info: write, warn: write, error: write }, least);
}

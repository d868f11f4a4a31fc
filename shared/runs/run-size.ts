import { Failure } from '../errors.ts';
import { isTooLarge, maxValueCharacters } from '../state/state-checks.ts';
import { noCounts, type Run, type TransferResult } from './run.ts';

/** What a result may come to beside the ids of its transfer: counters of ten digits each, and a failure. Characters. */
const RESULT = JSON.stringify(noCounts).length + Object.keys(noCounts).length * 9 + 800;
const FAILURE_TEXT = 300;

/** A run is one record, its results with it. Throws `Failure` `run-too-large` for one that could not be finished. */
export function checkRunSize(run: Run): void {
  const wanted = JSON.stringify(run).length + run.transfers.length * (RESULT + 120);
  if (wanted <= maxValueCharacters) return;
  throw new Failure(
    'terminal',
    'run-too-large',
    `A run of ${run.transfers.length} transfers does not fit into one record: divide its sites, destinations or data types over several.`,
  );
}

/** Alarms and failures cut until the record fits: the first alarms stay longest, and the log has them all. */
export function fitRun(run: Run): Run {
  if (!isTooLarge(run)) return run;
  for (const [alarms, length] of [
    [3, FAILURE_TEXT],
    [1, FAILURE_TEXT],
    [0, FAILURE_TEXT],
  ] as const) {
    const fitted = cut(run, alarms, length);
    if (!isTooLarge(fitted)) return fitted;
  }
  // Text that takes six bytes a character as it travels.
  return cut(run, 0, FAILURE_TEXT / 6);
}

function cut(run: Run, most: number, length: number): Run {
  const results = run.results?.map(
    ({ alarms, failure, ...rest }): TransferResult => ({
      ...rest,
      alarms: alarms.slice(0, most).map((text) => text.slice(0, length)),
      ...(failure ? { failure: { ...failure, message: failure.message.slice(0, length) } } : {}),
    }),
  );
  return results === undefined ? run : { ...run, results };
}

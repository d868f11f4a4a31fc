import { Failure } from '../errors.ts';
import { isTooLarge, maxValueCharacters } from '../state/state-checks.ts';
import { noCounts, type Run, type TransferResult } from './run.ts';

/** What a result may come to beside the ids of its transfer: counters of ten digits each, and a failure. Characters. */
const RESULT = JSON.stringify(noCounts).length + Object.keys(noCounts).length * 9 + 600;
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
  for (const alarms of [Number.POSITIVE_INFINITY, 3, 1, 0]) {
    const fitted = alarms === Number.POSITIVE_INFINITY ? run : cut(run, alarms);
    if (!isTooLarge(fitted)) return fitted;
  }
  return cut(run, 0);
}

function cut(run: Run, most: number): Run {
  const results = run.results?.map(
    ({ alarms, failure, ...rest }): TransferResult => ({
      ...rest,
      alarms: alarms.slice(0, most).map((text) => text.slice(0, FAILURE_TEXT)),
      ...(failure ? { failure: { ...failure, message: failure.message.slice(0, FAILURE_TEXT) } } : {}),
    }),
  );
  return results === undefined ? run : { ...run, results };
}

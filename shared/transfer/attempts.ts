import type { Failure, FailureReport } from '../errors.ts';
import type { OwedItem } from './ledger.ts';

/** Begun and cut off in this many different runs counts as one failed attempt … */
const CUT_OFF_RUNS = 3;
/** … and so often within one run that goes on after each kill. */
const CUT_OFF_TIMES = 10;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LONGEST_PAUSE = 6 * HOUR;
/** Of runs that were made before there was a setting. */
const RETRY_HOURS = 24;

const cutOff: FailureReport = {
  kind: 'item',
  code: 'cut-off',
  message: 'The host died again and again while it was working on this.',
};

/**
 * The row to be saved before an attempt is made, so that an attempt whose host dies is remembered. When too many were
 * cut off, the row comes back set aside and no attempt is to be made.
 */
export function beginAttempt(row: OwedItem, run: string): OwedItem {
  const last = row.underWay;
  if (!last) return { ...row, underWay: { run, times: 1 } };
  if (last.run === run) {
    if (last.times >= CUT_OFF_TIMES) return giveUp(row, cutOff);
    return { ...row, underWay: { run, times: last.times + 1 } };
  }
  const cutOffIn = [...new Set([...(row.cutOffIn ?? []), last.run])];
  if (cutOffIn.length >= CUT_OFF_RUNS) return giveUp(row, cutOff);
  return { ...row, cutOffIn, underWay: { run, times: 1 } };
}

/**
 * The row after an attempt that was made and failed.
 *
 * @param retryHours how long an item that the appliance refuses is asked for again (the site's `recordingRetryHours`):
 *   a recording may still be in conversion. The pauses never leave it waiting beyond that.
 */
export function failAttempt(
  row: OwedItem,
  failure: Failure,
  report: FailureReport,
  now: number,
  retryHours = RETRY_HOURS,
): OwedItem {
  const giveUpAt = (row.refusedSince ?? now) + retryHours * HOUR;
  if (failure.kind === 'item' && (failure.code === 'recording-expired' || now >= giveUpAt))
    return giveUp(row, report);
  const { underWay: _ended, cutOffIn: _cutOffs, ...rest } = row;
  const pause = Math.max(
    failure.retryAfterMs ?? 0,
    Math.min(LONGEST_PAUSE, MINUTE * 2 ** Math.min(row.attempts, 12)),
  );
  const attempts = row.attempts + 1;
  if (failure.kind !== 'item') return { ...rest, attempts, nextAttempt: now + pause, lastFailure: report };
  const refusedSince = row.refusedSince ?? now;
  // The last attempt is made when the time is up, not a long pause later.
  const nextAttempt = Math.min(now + pause, Math.max(giveUpAt, now + (failure.retryAfterMs ?? 0)));
  return { ...rest, refusedSince, attempts, nextAttempt, lastFailure: report };
}

/** The row after an attempt that was stopped for a reason that lies outside the item: it does not count. */
export function dropAttempt(row: OwedItem): OwedItem {
  const { underWay: _ended, ...rest } = row;
  return rest;
}

/**
 * The row as a person wants it tried again: now, and once more for as long as the site's setting says.
 *
 * @param run that fetches it at once; without one the next scheduled run does
 */
export function retryByHand(row: OwedItem, now: number, run?: string): OwedItem {
  const { refusedSince: _since, cutOffIn: _cutOffs, lastFailure, wantedBy: _before, ...rest } = row;
  return {
    ...rest,
    state: 'pending',
    nextAttempt: now,
    handRetries: (row.handRetries ?? 0) + 1,
    // A run that was made to fetch it tries what has not failed for it yet.
    ...(run === undefined ? (lastFailure === undefined ? {} : { lastFailure }) : { wantedBy: run }),
  };
}

function giveUp(row: OwedItem, failure: FailureReport): OwedItem {
  const { underWay: _ended, cutOffIn: _cutOffs, ...rest } = row;
  return { ...rest, state: 'set-aside', attempts: row.attempts + 1, lastFailure: failure };
}

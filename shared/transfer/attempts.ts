import type { Failure, FailureReport } from '../errors.ts';
import type { OwedItem } from './ledger.ts';

/** Begun and cut off in this many different runs counts as one failed attempt … */
const CUT_OFF_RUNS = 3;
/** … and so often within one run that goes on after each kill. */
const CUT_OFF_TIMES = 10;
const MINUTE = 60_000;
const LONGEST_PAUSE = 6 * 60 * MINUTE;
/** How long an item that the appliance refuses is asked for again: a recording may still be in conversion. */
export const GIVE_UP_AFTER = 24 * 60 * MINUTE;

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

/** The row after an attempt that was made and failed. */
export function failAttempt(row: OwedItem, failure: Failure, report: FailureReport, now: number): OwedItem {
  if (failure.kind === 'item') {
    if (failure.code === 'recording-expired') return giveUp(row, report);
    if (now - (row.refusedSince ?? now) >= GIVE_UP_AFTER) return giveUp(row, report);
  }
  const { underWay: _ended, cutOffIn: _cutOffs, ...rest } = row;
  const pause = Math.max(
    failure.retryAfterMs ?? 0,
    Math.min(LONGEST_PAUSE, MINUTE * 2 ** Math.min(row.attempts, 12)),
  );
  const refused = failure.kind === 'item' ? { refusedSince: row.refusedSince ?? now } : {};
  return { ...rest, ...refused, attempts: row.attempts + 1, nextAttempt: now + pause, lastFailure: report };
}

/** The row after an attempt that was stopped for a reason that lies outside the item: it does not count. */
export function dropAttempt(row: OwedItem): OwedItem {
  const { underWay: _ended, ...rest } = row;
  return rest;
}

function giveUp(row: OwedItem, failure: FailureReport): OwedItem {
  const { underWay: _ended, cutOffIn: _cutOffs, ...rest } = row;
  return { ...rest, state: 'set-aside', attempts: row.attempts + 1, lastFailure: failure };
}

import type { TimeWindow } from '../appliance/appliance.ts';
import { compactInstant } from './instant.ts';

export const reportPeriods = ['day', 'hour'] as const;
export type ReportPeriod = (typeof reportPeriods)[number];

/** A whole day or hour, UTC, on the appliance's clock. Unix seconds, half-open. */
export type Bucket = TimeWindow;

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The start of the bucket that holds this instant. */
export function bucketStart(at: number, period: ReportPeriod): number {
  const length = period === 'day' ? DAY : HOUR;
  return Math.floor(at / length) * length;
}

/**
 * The whole buckets of [from, to), in order and without a gap. `from` is a bucket's start, of whatever period: where a
 * day cannot begin yet, because hours were read before, hours go on until the next midnight.
 */
export function* bucketsOf(from: number, to: number, period: ReportPeriod): Generator<Bucket> {
  if (from % HOUR !== 0) throw new Error(`${from} is no bucket's start`);
  for (let at = from; ; ) {
    const end = at + (period === 'day' && at % DAY === 0 ? DAY : HOUR);
    if (end > to) return;
    yield { from: at, to: end };
    at = end;
  }
}

/** Start and length: `20261120T000000Z|P1D`, `20261120T130000Z|PT1H`. For ever. */
export function bucketKey({ from, to }: Bucket): string {
  return `${compactInstant(from)}|${to - from === DAY ? 'P1D' : 'PT1H'}`;
}

/** What stands for the LSID in names: a day by its start, an hour told apart from the day that begins with it. */
export function bucketName({ from, to }: Bucket): string {
  return to - from === DAY ? compactInstant(from) : `${compactInstant(from)}-1h`;
}

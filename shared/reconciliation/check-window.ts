import { bucketsOf } from '../streams/bucket.ts';
import type { BucketStream } from '../streams/stream.ts';
import { isCovered } from './check-listed.ts';
import { type Coverage, noCounters } from './coverage.ts';
import type { Day } from './days.ts';
import type { Listed } from './listing.ts';
import type { OwedIndex } from './owed-index.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';
import { statusOf } from './stored-status.ts';

/**
 * A day of what nothing lists: the reports that announce it were read when the watermark passed the day, and all that
 * they announced is stored or in the ledger.
 *
 * @param listed the sessions of the day, for the files that they announce
 */
export async function checkWindow(
  at: SiteWork,
  open: OpenTransfer,
  day: Day,
  listed: Listed | undefined,
  ledger: OwedIndex,
): Promise<Coverage> {
  const { stream, transfer } = open;
  const { siteId, destinationId } = transfer;
  const counts = { ...noCounters };
  for (const { lsid, from, as } of await ledger.of(stream.id, destinationId)) {
    const isOfDay = from === undefined ? lsid !== undefined && listed?.has(lsid) : inDay(day, from);
    if (isOfDay) counts[as]++;
  }
  const stored = stream.from === 'bucket' ? await storedBuckets(at, open, stream, day) : undefined;
  return {
    day: day.name,
    siteId,
    stream: stream.id,
    destinationId,
    by: 'window',
    ...counts,
    ...(stored === undefined ? {} : { stored }),
    // A bucket is in the ledger once the watermark has passed it; what late sessions announce comes with the lag.
    covered: stream.from === 'bucket' ? (open.mark?.to ?? 0) >= day.to : isCovered(open, day),
    checkedAt: new Date(at.services.now()).toISOString(),
  };
}

function inDay(day: Day, seconds: number): boolean {
  return seconds >= day.from && seconds < day.to;
}

/** A day that was read as a day, and hours that were read as hours: a change of the period leaves both. */
async function storedBuckets(
  at: SiteWork,
  open: OpenTransfer,
  stream: BucketStream,
  day: Day,
): Promise<number | undefined> {
  const buckets = (['day', 'hour'] as const).flatMap((period) => [...bucketsOf(day.from, day.to, period)]);
  const keys = buckets.flatMap((bucket) => stream.itemsOf(bucket)).map(({ key }) => key);
  const statuses = await statusOf(at, open, keys);
  return statuses && [...statuses.values()].filter((status) => status === 'stored').length;
}

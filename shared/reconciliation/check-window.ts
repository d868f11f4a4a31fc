import type { ItemStatus } from '../destinations/destination.ts';
import { bucketsOf } from '../streams/bucket.ts';
import type { BucketStream } from '../streams/stream.ts';
import { owe } from '../transfer/ledger.ts';
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
 * @param before what the look before found: reports that were stored then and are not now are owed once more
 */
export async function checkWindow(
  at: SiteWork,
  open: OpenTransfer,
  day: Day,
  listed: Listed | undefined,
  ledger: OwedIndex,
  before: Coverage | undefined,
): Promise<Coverage> {
  const { stream, transfer } = open;
  const { siteId, destinationId } = transfer;
  const counts = { ...noCounters };
  for (const { lsid, from, as } of await ledger.of(stream.id, destinationId)) {
    const isOfDay = from === undefined ? lsid !== undefined && listed?.has(lsid) : inDay(day, from);
    if (isOfDay) counts[as]++;
  }
  const row = {
    day: day.name,
    siteId,
    stream: stream.id,
    destinationId,
    by: 'window',
    checkedAt: new Date(at.services.now()).toISOString(),
  } as const;
  if (stream.from !== 'bucket') return { ...row, ...counts, covered: isCovered(open, day) };
  // A bucket is in the ledger once the watermark has passed it.
  const covered = (open.mark?.to ?? 0) >= day.to;
  const statuses = await bucketStatuses(at, open, stream, day);
  if (!statuses) return { ...row, ...counts, covered };
  const having = (status: ItemStatus) => [...statuses.values()].filter((one) => one === status).length;
  counts.settled = having('settled');
  const stored = having('stored');
  const known = stored + counts.settled + counts.owed + counts.setAside;
  const knownBefore = (before?.stored ?? 0) + (before?.settled ?? 0) + (before?.missing ?? 0);
  counts.missing = Math.max(0, knownBefore - known);
  if (counts.missing > 0) await oweAgain(at, open, stream, day, statuses);
  return { ...row, ...counts, stored, covered };
}

function inDay(day: Day, seconds: number): boolean {
  return seconds >= day.from && seconds < day.to;
}

/** Of the day as one, and of its hours: a change of the period leaves both. */
function bucketStatuses(
  at: SiteWork,
  open: OpenTransfer,
  stream: BucketStream,
  day: Day,
): Promise<ReadonlyMap<string, ItemStatus> | undefined> {
  const buckets = (['day', 'hour'] as const).flatMap((period) => [...bucketsOf(day.from, day.to, period)]);
  const keys = buckets.flatMap((bucket) => stream.itemsOf(bucket)).map(({ key }) => key);
  return statusOf(at, open, keys);
}

/** The day's reports are asked for once more; where the appliance has nothing, that settles it. */
async function oweAgain(
  { services, site }: SiteWork,
  { transfer }: OpenTransfer,
  stream: BucketStream,
  day: Day,
  statuses: ReadonlyMap<string, ItemStatus>,
): Promise<void> {
  const items = [...bucketsOf(day.from, day.to, transfer.reportPeriod ?? 'day')]
    .flatMap((bucket) => stream.itemsOf(bucket))
    .filter(({ key }) => !statuses.has(key));
  const { destinationId } = transfer;
  const owed = items.map((item) => ({ item, destinationId }));
  await owe(services.state, site.id, stream.id, owed, services.now());
}

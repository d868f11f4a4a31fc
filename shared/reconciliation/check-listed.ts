import type { ItemStatus } from '../destinations/destination.ts';
import { pool } from '../transfer/pool.ts';
import { LAG_SECONDS } from '../transfer/window.ts';
import { announced } from './announced.ts';
import { type Coverage, noCounters } from './coverage.ts';
import type { Day } from './days.ts';
import type { Listed } from './listing.ts';
import type { OwedAs, OwedIndex } from './owed-index.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';
import { statusOf } from './stored-status.ts';

export interface CheckedDay {
  readonly row: Coverage;
  /** lsids of what is neither stored nor in the ledger, and can be had. */
  readonly missing: readonly string[];
}

const LOOK_UPS_AT_ONCE = 16;
/** Of a destination from a package that has no `statusOf`. */
export const CANNOT_TELL = 'its package does not say what it has stored';

/** Whether everything of the day has been read for the transfer: late commits of the appliance fall into the lag. */
export function isCovered({ mark }: OpenTransfer, day: Day): boolean {
  return mark !== undefined && mark.to >= day.to + LAG_SECONDS;
}

/** Compares what the appliance lists of a day with what the destination has, one by one. */
export async function checkListed(
  at: SiteWork,
  open: OpenTransfer,
  day: Day,
  listed: Listed,
  ledger: OwedIndex,
): Promise<CheckedDay | undefined> {
  const { stream, transfer } = open;
  const isFile = stream.content === 'file';
  const lsids = [...listed].filter(([, { hasRecording }]) => hasRecording || !isFile).map(([lsid]) => lsid);
  const statuses = await statusOf(at, open, lsids);
  if (!statuses) return undefined;
  const rows = new Map((await ledger.of(stream.id, transfer.destinationId)).map(({ key, as }) => [key, as]));
  const counts = { ...noCounters, stored: 0 };
  const doubtful: string[] = [];
  for (const lsid of lsids) {
    const counted = judge(statuses.get(lsid), rows.get(lsid));
    if (counted) counts[counted]++;
    else doubtful.push(lsid);
  }
  const gone = await recheck(at, open, doubtful, ledger, counts);
  const covered = isCovered(open, day);
  let missing: readonly string[] = [];
  // Before the watermark has passed the day, the next run reads it.
  if (!covered) counts.owed += gone.length;
  else if (isFile && gone.length > 0) {
    const shown = await announced(at, stream.id, gone);
    missing = gone.filter((lsid) => shown.has(lsid));
    counts.hidden = gone.length - missing.length;
  } else missing = gone;
  counts.missing = missing.length;
  const { siteId, destinationId } = transfer;
  const row: Coverage = {
    day: day.name,
    siteId,
    stream: stream.id,
    destinationId,
    by: 'listing',
    onAppliance: lsids.length,
    ...counts,
    covered,
    checkedAt: new Date(at.services.now()).toISOString(),
  };
  return { row, missing };
}

type Counted = 'stored' | 'settled' | OwedAs;

function judge(status: ItemStatus | undefined, owed: OwedAs | undefined): Counted | undefined {
  if (status === 'stored' || status === 'settled') return status;
  return owed;
}

/** What looks missing may have been on its way from the ledger to the destination while it was looked at. */
async function recheck(
  at: SiteWork,
  open: OpenTransfer,
  lsids: readonly string[],
  ledger: OwedIndex,
  counts: Record<Counted, number>,
): Promise<string[]> {
  if (lsids.length === 0) return [];
  const owed = new Map<string, OwedAs>();
  await pool(lsids, LOOK_UPS_AT_ONCE, async (lsid) => {
    const as = await ledger.now(open.stream.id, open.transfer.destinationId, lsid);
    if (as) owed.set(lsid, as);
  });
  const statuses = (await statusOf(at, open, lsids)) ?? new Map<string, ItemStatus>();
  return lsids.filter((lsid) => {
    const counted = judge(statuses.get(lsid), owed.get(lsid));
    if (counted) counts[counted]++;
    return !counted;
  });
}

import { getRun, type Run, runId, transferKey } from '../runs/run.ts';
import { latestDue } from '../schedules/recurrence.ts';
import { notThere } from '../streams/available.ts';
import type { SnapshotStream } from '../streams/stream.ts';
import { type Coverage, noCounters } from './coverage.ts';
import type { Day } from './days.ts';
import type { OwedIndex } from './owed-index.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';
import { statusOf } from './stored-status.ts';

/** A schedule that takes more snapshots a day is looked at for so many of them. */
const MOST_A_DAY = 300;

/**
 * Snapshots of a day: those that were due, by the runs that were made for them, and those that are stored. One that is
 * missing cannot be made any more. Undefined where none was due.
 */
export async function checkSnapshots(
  at: SiteWork,
  open: OpenTransfer,
  stream: SnapshotStream,
  day: Day,
  ledger: OwedIndex,
): Promise<Coverage | undefined> {
  const { transfer } = open;
  const due = await dueInstants(at, open, day);
  if (due.length === 0) return undefined;
  const keys = [...new Set(due.map((instant) => stream.itemAt(new Date(instant)).key))];
  const statuses = await statusOf(at, open, keys);
  if (!statuses) return undefined;
  const rows = new Map((await ledger.of(stream.id, transfer.destinationId)).map(({ key, as }) => [key, as]));
  const counts = { ...noCounters, stored: 0 };
  for (const key of keys) {
    const status = statuses.get(key);
    if (status === 'stored' || status === 'settled') counts[status]++;
    // One that is still owed to a run that goes on; all others have missed their instant.
    else counts[rows.get(key) === 'owed' ? 'owed' : 'agedOut']++;
  }
  const { siteId, destinationId } = transfer;
  return {
    day: day.name,
    siteId,
    stream: stream.id,
    destinationId,
    by: 'runs',
    onAppliance: keys.length,
    ...counts,
    covered: true,
    checkedAt: new Date(at.services.now()).toISOString(),
  };
}

/** Milliseconds, our clock. */
async function dueInstants(
  { services, settings }: SiteWork,
  open: OpenTransfer,
  day: Day,
): Promise<number[]> {
  const { transfer } = open;
  const due: number[] = [];
  for (const { id, every, enabled, transfers } of settings.schedules) {
    const hasIt = transfers.some(
      ({ site, destination, dataTypes }) =>
        site === transfer.siteId &&
        destination === transfer.destinationId &&
        dataTypes.includes(transfer.stream),
    );
    if (!enabled || !hasIt) continue;
    let instant = latestDue(every, day.to * 1000 - 1);
    for (let count = 0; instant >= day.from * 1000 && count < MOST_A_DAY; count++) {
      const run = await getRun(services.state, runId(instant, id));
      if (run && wasWanted(run, open)) due.push(instant);
      instant = latestDue(every, instant - 1);
    }
  }
  return due;
}

/** Not where the appliance has nothing of the kind, or somebody stopped the run. */
function wasWanted(run: Run, { key }: OpenTransfer): boolean {
  if (run.status === 'cancelled' || !run.transfers.some((transfer) => transferKey(transfer) === key))
    return false;
  const result = run.results?.find((one) => transferKey(one) === key);
  return !notThere.has(result?.failure?.code ?? '');
}

import type { TransferKey } from '../runs/run.ts';
import { agedOut, allCoverage, saveCoverage } from './coverage.ts';
import { DAY_SECONDS, dayName } from './days.ts';
import type { SiteWork } from './site-work.ts';

/** Days beyond what the appliance keeps that are looked at once more, to count what was lost. */
const AFTERLIFE_DAYS = 30;

/** Days that the appliance has forgotten by now: what was not stored is counted as lost. Resolves to it by transfer. */
export async function countLost({
  services,
  site,
  today,
  offset,
}: SiteWork): Promise<ReadonlyMap<TransferKey, number>> {
  // A clock that is wrong by days would have everything forgotten.
  if (Math.abs(offset) > DAY_SECONDS) return new Map();
  const end = today.from - site.applianceKeepsDays * DAY_SECONDS;
  const days = { from: dayName(end - AFTERLIFE_DAYS * DAY_SECONDS), to: dayName(end) };
  const lost = new Map<TransferKey, number>();
  const changed = [];
  for (const row of await allCoverage(services.state, site.id, days)) {
    const after = agedOut(row, new Date(services.now()).toISOString());
    if (after === row) continue;
    changed.push(after);
    const key = `${row.siteId}|${row.stream}|${row.destinationId}`;
    lost.set(key, (lost.get(key) ?? 0) + after.agedOut - row.agedOut);
  }
  await saveCoverage(services.state, site.id, changed);
  return lost;
}

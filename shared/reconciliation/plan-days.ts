import type { Settings } from '../settings/settings.ts';
import { allCoverage, isUnsettled } from './coverage.ts';
import { DAY_SECONDS, type Day, dayName, dayNamed, daysBetween } from './days.ts';
import { lastFull, type Reconciliation } from './record.ts';
import type { SiteWork } from './site-work.ts';

const WEEK_MS = 7 * DAY_SECONDS * 1000;

/** The look-back of each day, or once a week the long one; by hand what was asked for. */
export async function depthOf(
  at: SiteWork,
  settings: Settings,
  { days, at: madeAt }: Reconciliation,
): Promise<number> {
  const full = fullDepth(settings, at.site.applianceKeepsDays);
  if (days !== undefined) return Math.min(days, at.site.applianceKeepsDays - 1);
  const last = await lastFull(at.services.state, at.site.id);
  const isDue = last === undefined || Date.parse(madeAt) - Date.parse(last) >= WEEK_MS - DAY_SECONDS * 500;
  return isDue ? full : Math.min(settings.application.reconcileDays, full);
}

/** A day that the appliance is about to forget is not compared any more: half of it may be gone. */
export function fullDepth({ application }: Settings, keepsDays: number): number {
  return Math.min(Math.max(application.reconcileWeeklyDays, application.reconcileDays), keepsDays - 1);
}

/** Closed days, oldest first: those of the look-back, and older ones in which something was left to be done. */
export async function daysToCheck(at: SiteWork, depth: number): Promise<Day[]> {
  const { services, site, today } = at;
  const from = today.from - depth * DAY_SECONDS;
  const oldest = today.from - (site.applianceKeepsDays - 1) * DAY_SECONDS;
  const older = { from: dayName(oldest), to: dayName(from - DAY_SECONDS) };
  const unsettled =
    oldest < from ? (await allCoverage(services.state, site.id, older)).filter(isUnsettled) : [];
  const names = new Set([
    ...unsettled.map(({ day }) => day),
    ...daysBetween(from, today.from).map(({ name }) => name),
  ]);
  return [...names].sort().flatMap((name) => dayNamed(name) ?? []);
}

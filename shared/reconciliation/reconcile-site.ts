import { type FailureReport, reportFailure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import type { TransferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { DayChecks } from './check-days.ts';
import { agedOut, allCoverage, isUnsettled, saveCoverage } from './coverage.ts';
import { DAY_SECONDS, type Day, dayName, dayNamed, daysBetween } from './days.ts';
import { Gaps } from './gaps.ts';
import { noteSite } from './note-site.ts';
import { readAgain } from './read-again.ts';
import { lastFull, type Reconciliation, readReconciliation, rememberFull } from './record.ts';
import { openTransfers, Problems, type SiteWork, siteWork } from './site-work.ts';

/** How far a site has come; handed from step to step. */
export interface SiteCursor {
  readonly siteId: string;
  /** The day that was checked last. */
  readonly after?: string;
  /** Days back. */
  readonly depth?: number;
  readonly days?: number;
  readonly missing?: number;
  readonly pulls?: readonly string[];
  readonly problems?: Readonly<Record<TransferKey, string>>;
}

/** What became of a site. */
export interface SiteOutcome {
  readonly siteId: string;
  readonly days: number;
  readonly missing: number;
  /** Runs that pull what was missing, and read the last days again. */
  readonly pulls: readonly string[];
  /** Transfers that could not be checked, and why; the first ones. */
  readonly problems: readonly { readonly transfer: TransferKey; readonly message: string }[];
  readonly failure?: FailureReport;
}

export type SiteStep =
  | { readonly status: 'more'; readonly cursor: SiteCursor }
  | { readonly status: 'done'; readonly outcome: SiteOutcome };

const WEEK_MS = 7 * DAY_SECONDS * 1000;
const MOST_PROBLEMS = 10;
/** Days beyond what the appliance keeps that are looked at once more, to count what was lost. */
const AFTERLIFE_DAYS = 30;

/**
 * One step of reconciling a site. Failures come back as values. It may be done again, or twice at once: rows are
 * written anew, and pulls are made once.
 */
export async function reconcileSite(
  services: Services,
  { id, cursor }: { readonly id: string; readonly cursor: SiteCursor },
): Promise<SiteStep> {
  const { siteId } = cursor;
  try {
    const record = await readReconciliation(services.state, id);
    if (!record) throw new Error(`no reconciliation ${id}`);
    const { settings } = await loadSettings(services.state);
    const site = settings.sites.find((one) => one.id === siteId);
    if (!site) return { status: 'done', outcome: outcomeOf(cursor) };
    try {
      const at = await siteWork(services, settings, site, { id, at: record.at });
      return await step(at, record, cursor);
    } catch (error) {
      const failure = reportFailure(error);
      if (failure.kind === 'internal') throw error;
      services.log.warn(failure.message, { code: failure.code });
      await noteSite(services, settings, record, siteId, { failure });
      return { status: 'done', outcome: { ...outcomeOf(cursor), failure } };
    }
  } catch (error) {
    const stack = error instanceof Error ? error.stack : String(error);
    services.log.error(logEvents.unexpectedInRun, { stack });
    const failure = reportFailure(error);
    return { status: 'done', outcome: { ...outcomeOf(cursor), failure } };
  }
}

async function step(at: SiteWork, record: Reconciliation, cursor: SiteCursor): Promise<SiteStep> {
  const { services, settings, site, today } = at;
  const problems = new Problems(cursor.problems);
  const transfers = await openTransfers(at, problems);
  const depth = cursor.depth ?? (await depthOf(at, settings, record));
  const pulls = new Set(cursor.pulls ?? []);
  if (cursor.after === undefined) for (const pull of await readAgain(at, transfers)) pulls.add(pull);
  const gaps = new Gaps();
  const snapshotsFrom = today.from - settings.application.reconcileDays * DAY_SECONDS;
  const checks = new DayChecks(at, transfers, problems, gaps, snapshotsFrom);
  let { after, days = 0, missing = 0 } = cursor;
  let more = false;
  for (const day of await daysToCheck(at, depth)) {
    if (after !== undefined && day.name <= after) continue;
    if (at.timeIsUp()) {
      more = true;
      break;
    }
    missing += await checks.check(day);
    days++;
    after = day.name;
  }
  const pull = await gaps.pull(at);
  if (pull !== undefined) pulls.add(pull);
  const next: SiteCursor = {
    siteId: site.id,
    depth,
    days,
    missing,
    pulls: [...pulls],
    problems: Object.fromEntries(problems.told),
    ...(after === undefined ? {} : { after }),
  };
  if (more) return { status: 'more', cursor: next };
  const lost = await countLost(at);
  if (depth >= fullDepth(settings, site.applianceKeepsDays))
    await rememberFull(services.state, site.id, record.at);
  await noteSite(services, settings, record, site.id, { today, problems, lost });
  const outcome = outcomeOf(next);
  services.log.info('Site reconciled', {
    days,
    missing,
    pulls: pulls.size,
    notChecked: problems.told.size,
  });
  return { status: 'done', outcome };
}

/** The look-back of each day, or once a week the long one; by hand what was asked for. */
async function depthOf(
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
function fullDepth({ application }: Settings, keepsDays: number): number {
  return Math.min(Math.max(application.reconcileWeeklyDays, application.reconcileDays), keepsDays - 1);
}

/** Closed days, oldest first: those of the look-back, and older ones in which something was left to be done. */
async function daysToCheck(at: SiteWork, depth: number): Promise<Day[]> {
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

/** Days that the appliance has forgotten by now: what was not stored is counted as lost. Resolves to it by transfer. */
async function countLost({
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

function outcomeOf({ siteId, days = 0, missing = 0, pulls = [], problems = {} }: SiteCursor): SiteOutcome {
  const told = Object.entries(problems).slice(0, MOST_PROBLEMS);
  return {
    siteId,
    days,
    missing,
    pulls,
    problems: told.map(([transfer, message]) => ({ transfer, message })),
  };
}

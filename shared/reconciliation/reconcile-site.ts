import { type FailureReport, reportFailure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import type { TransferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { DayChecks } from './check-days.ts';
import { countLost } from './count-lost.ts';
import { DAY_SECONDS } from './days.ts';
import { Gaps } from './gaps.ts';
import { noteSite } from './note-site.ts';
import { daysToCheck, depthOf, fullDepth } from './plan-days.ts';
import { readAgain } from './read-again.ts';
import { type Reconciliation, readReconciliation, rememberFull } from './record.ts';
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

const MOST_PROBLEMS = 10;

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
  try {
    for (const day of await daysToCheck(at, depth)) {
      if (after !== undefined && day.name <= after) continue;
      // Each step does one day at least, so that steps come to an end.
      if (days > (cursor.days ?? 0) && at.timeIsUp()) {
        more = true;
        break;
      }
      missing += await checks.check(day);
      days++;
      after = day.name;
    }
  } catch (error) {
    // What was found until then is pulled all the same.
    await gaps.pull(at);
    throw error;
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

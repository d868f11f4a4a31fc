import type { StateStore } from '../state/state-store.ts';
import { type Run, type RunStatus, runId } from './run.ts';

export interface RunQuery {
  readonly statuses?: readonly RunStatus[] | undefined;
  readonly kind?: Run['kind'] | undefined;
  readonly scheduleId?: string | undefined;
  readonly site?: string | undefined;
  /** Due in [from, to). Milliseconds. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly next?: string;
}

/** Newest first. A page can have fewer runs than asked for, none too, and still be followed by another. */
export interface RunPage {
  readonly runs: readonly Run[];
  readonly next?: string;
}

/** Runs that one page looks through: a run can be some hundred KB. */
const MOST_LOOKED_AT = 1000;
const A_CALL = 200;

export async function findRuns(state: StateStore, query: RunQuery): Promise<RunPage> {
  const { from, to, limit, next } = query;
  // Ids begin with the distance to the end of time. What is due at `to` is out, and due at `from` is in.
  const first = to === undefined ? undefined : keyOf(to - 1);
  const before = from === undefined ? {} : { before: keyOf(from - 1) };
  let at = next !== undefined && next > (first ?? '') ? next : first;
  const isPlain = [query.statuses, query.kind, query.scheduleId, query.site].every(
    (one) => one === undefined,
  );
  const runs: Run[] = [];
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const page = await state.list<Run>('runs', 'run', {
      limit: isPlain ? limit - runs.length : A_CALL,
      ...before,
      ...(at === undefined ? {} : { from: at }),
    });
    looked += page.entries.length;
    for (const { key, value } of page.entries) {
      if (!isWanted(value, query)) continue;
      if (runs.length === limit) return { runs, next: key };
      runs.push(value);
    }
    at = page.next;
    if (at === undefined) return { runs };
    if (runs.length === limit) break;
  }
  return at === undefined ? { runs } : { runs, next: at };
}

/** The first key of that instant, whatever the run's name. */
function keyOf(ms: number): string {
  return runId(Math.max(0, ms), '');
}

function isWanted(run: Run, { statuses, kind, scheduleId, site }: RunQuery): boolean {
  if (statuses !== undefined && !statuses.includes(run.status)) return false;
  if (kind !== undefined && run.kind !== kind) return false;
  if (scheduleId !== undefined && run.scheduleId !== scheduleId) return false;
  return site === undefined || run.transfers.some(({ siteId }) => siteId === site);
}

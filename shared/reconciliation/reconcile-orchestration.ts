import type { FailureReport } from '../errors.ts';
import type { reconcileActivities } from './activities.ts';
import type { SiteCursor, SiteOutcome, SiteStep } from './reconcile-site.ts';

export type ReconcileActivity = keyof typeof reconcileActivities;

/** What the orchestrator may do, and nothing else. Bound to durable-functions in functions/. */
export interface ReconcileDurable {
  activity(name: ReconcileActivity, input: unknown): object;
  all(tasks: readonly object[]): object;
  continueAsNew(input: unknown): void;
}

export interface ReconcileInput {
  readonly id: string;
  /** Sites that are not done, each with how far it has come. Absent: it begins. */
  readonly waiting?: readonly SiteCursor[];
  readonly outcomes?: readonly SiteOutcome[];
}

const SITES_AT_ONCE = 4;
/** Four sites a round and two events each keep a history near 200. */
const ROUNDS_A_GENERATION = 20;

const cutOff: FailureReport = {
  kind: 'internal',
  code: 'internal',
  message: 'A step was ended from outside; the log has the details.',
};

/** Compares every site with what is stored of it, a few at a time. */
export function* reconcileOrchestration(
  durable: ReconcileDurable,
  input: ReconcileInput,
): Generator<object, unknown, unknown> {
  const { id } = input;
  let waiting = input.waiting;
  if (!waiting) {
    const { sites } = (yield durable.activity('reconcile-begin', { id })) as { readonly sites: string[] };
    waiting = sites.map((siteId) => ({ siteId }));
  }
  const outcomes = [...(input.outcomes ?? [])];
  for (let round = 0; waiting.length > 0; round++) {
    if (round >= ROUNDS_A_GENERATION) {
      durable.continueAsNew({ id, waiting, outcomes } satisfies ReconcileInput);
      return undefined;
    }
    const turn = waiting.slice(0, SITES_AT_ONCE);
    const left: SiteCursor[] = waiting.slice(SITES_AT_ONCE);
    try {
      const tasks = turn.map((cursor) => durable.activity('reconcile-site', { id, cursor }));
      for (const step of (yield durable.all(tasks)) as readonly SiteStep[])
        if (step.status === 'more') left.push(step.cursor);
        else outcomes.push(step.outcome);
    } catch {
      // Steps give their failures as values: what is thrown ended one from outside. Tomorrow they are looked at again.
      outcomes.push(
        ...turn.map(({ siteId, days = 0, missing = 0, pulls = [] }) => {
          return { siteId, days, missing, pulls, problems: [], failure: cutOff };
        }),
      );
    }
    waiting = left;
  }
  return yield durable.activity('reconcile-end', { id, outcomes });
}

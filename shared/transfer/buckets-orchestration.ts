import type { FailureReport } from '../errors.ts';
import type { TransferKey } from '../runs/run.ts';
import { drainAll } from './files-orchestration.ts';
import { type Orchestration, type Steps, step } from './orchestration.ts';
import { failAll, type GroupInput, type GroupResult, guarded } from './run-orchestration.ts';

/** What one generation hands to the next. */
export interface BucketsInput extends GroupInput {
  readonly after?: number;
  readonly failures?: Readonly<Record<TransferKey, FailureReport>>;
}

/** Steps of planning a generation: years of hours must not grow one history. */
const PLANS_A_GENERATION = 40;

/** Reports that are no sessions: the buckets of time that are over go into the ledger, then they are fetched. */
export function* bucketsOrchestration(
  durable: Orchestration,
  input: BucketsInput,
): Steps<GroupResult | undefined> {
  const { runId, siteId, instanceId, feed, streams, transfers } = input;
  const group: GroupInput = { runId, siteId, instanceId, feed, streams, transfers };
  const failures: Record<TransferKey, FailureReport> = { ...input.failures };
  let after = input.after;
  let continued = false;
  const result = yield* guarded(input, function* () {
    for (let plans = 0; ; plans++) {
      const from = after === undefined ? {} : { after };
      if (plans >= PLANS_A_GENERATION) {
        continued = true;
        durable.continueAsNew({ ...group, failures, ...from } satisfies BucketsInput);
        return { failures, cancelled: false };
      }
      const without = Object.keys(failures);
      const plan = yield* step(durable, 'plan-buckets', { runId, siteId, without, ...from });
      if (plan.status === 'cancelled') return { failures, cancelled: true };
      if (plan.status === 'failed')
        return { failures: { ...failures, ...failAll(transfers, plan.failure) }, cancelled: false };
      Object.assign(failures, plan.refused);
      if (!plan.more) break;
      after = plan.after;
    }
    return yield* drainAll(durable, group, failures, instanceId);
  });
  return continued ? undefined : result;
}

import type { FailureReport } from '../errors.ts';
import type { TransferKey } from '../runs/run.ts';
import { drainAll } from './files-orchestration.ts';
import { type Orchestration, type Steps, step } from './orchestration.ts';
import type { SessionsPlan } from './plan-sessions.ts';
import { failAll, type GroupInput, type GroupResult, guarded, reportOf } from './run-orchestration.ts';
import { SliceReader } from './slice-reader.ts';

/** What one generation hands to the next: references and counts, no bodies. */
export interface SessionsInput extends GroupInput {
  readonly leased?: true;
  readonly plan?: SessionsPlan;
  readonly failures?: Readonly<Record<TransferKey, FailureReport>>;
}

const LEASE_TRIES = 60;
/** Many a reader is done in a second; one that takes long is asked for less often. */
const LEASE_PAUSES_MS = [1000, 2000, 3000, 4000, 5000];
/** Slices a generation: some 25 events each with four transfers keep a history near 200. */
const SLICES_A_GENERATION = 6;

/** Session reports of a site: windows, then known open sessions, then the files they announced. */
export function* sessionsOrchestration(
  durable: Orchestration,
  input: SessionsInput,
): Steps<GroupResult | undefined> {
  const { runId, siteId } = input;
  let continued = false;
  const result = yield* guarded(input, function* () {
    if (!input.leased) yield* waitForLease(durable, input);
    const failures: Record<TransferKey, FailureReport> = { ...input.failures };
    const plan = input.plan ?? (yield* planned(durable, input, failures));
    if (plan === undefined || plan === 'cancelled') {
      yield* step(durable, 'end-reading', { runId, siteId, ...reportOf(input) });
      return { failures, cancelled: plan === 'cancelled' };
    }
    const reader = new SliceReader(durable, input, plan, failures);
    for (const slice of plan.slices.slice(0, SLICES_A_GENERATION)) {
      yield* reader.readSlice(slice);
      if (reader.cancelled) break;
    }
    const left = plan.slices.slice(SLICES_A_GENERATION);
    const alive = input.transfers.some((transfer) => !(transfer in failures));
    if (!reader.cancelled && alive && (left.length > 0 || plan.more)) {
      continued = true;
      const next = left.length > 0 ? { plan: { ...plan, slices: left, marks: reader.marks } } : {};
      durable.continueAsNew({ ...group(input), leased: true, failures, ...next } satisfies SessionsInput);
      return { failures, cancelled: false };
    }
    if (!reader.cancelled) yield* look(durable, input, plan, reader, failures);
    yield* step(durable, 'end-reading', { runId, siteId, ...reportOf(input) });
    if (reader.cancelled) return { failures, cancelled: true };
    return yield* drainAll(durable, group(input), failures, input.instanceId);
  });
  return continued ? undefined : result;
}

function group({ runId, instanceId, siteId, feed, streams, transfers }: SessionsInput): GroupInput {
  return { runId, instanceId, siteId, feed, streams, transfers };
}

function* waitForLease(durable: Orchestration, input: SessionsInput): Steps<void> {
  const { runId, siteId } = input;
  for (let attempt = 0; attempt < LEASE_TRIES; attempt++) {
    const { taken } = yield* step(durable, 'lease-reader', { runId, siteId, ...reportOf(input) });
    if (taken) return;
    yield durable.sleep(LEASE_PAUSES_MS[Math.min(attempt, LEASE_PAUSES_MS.length - 1)] as number);
  }
  // The other reader takes long. Reading beside it is double work and no danger: the watermark's ETag decides.
}

function* planned(
  durable: Orchestration,
  input: SessionsInput,
  failures: Record<TransferKey, FailureReport>,
): Steps<SessionsPlan | 'cancelled' | undefined> {
  const { runId, siteId } = input;
  const outcome = yield* step(durable, 'plan-sessions', {
    runId,
    siteId,
    without: Object.keys(failures),
    ...reportOf(input),
  });
  if (outcome.status === 'cancelled') return 'cancelled';
  if (outcome.status === 'done') {
    Object.assign(failures, outcome.refused);
    return input.transfers.every((transfer) => transfer in failures) ? undefined : outcome;
  }
  Object.assign(failures, failAll(input.transfers, outcome.failure));
  return undefined;
}

/** Known open sessions, asked for by name, for the transfers that wait for them; and a pull's own list. */
function* look(
  durable: Orchestration,
  input: SessionsInput,
  plan: SessionsPlan,
  reader: SliceReader,
  failures: Record<TransferKey, FailureReport>,
): Steps<void> {
  const { runId, siteId } = input;
  let after: string | undefined;
  do {
    const at = after === undefined ? {} : { after };
    const looks = yield* step(durable, 'plan-looks', {
      runId,
      siteId,
      appliance: plan.appliance,
      without: Object.keys(failures),
      ...reportOf(input),
      ...at,
    });
    if (looks.status === 'failed') {
      Object.assign(failures, failAll(input.transfers, looks.failure));
      return;
    }
    if (looks.status === 'cancelled') return;
    for (const { lsids, transfers } of looks.batches) {
      yield* reader.readNamed(lsids, transfers);
      if (reader.cancelled) return;
    }
    after = looks.after;
  } while (after !== undefined);
}

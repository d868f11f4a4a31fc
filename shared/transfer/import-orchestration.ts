import type { FailureReport } from '../errors.ts';
import { type TransferKey, transferParts } from '../runs/run.ts';
import { streamOf } from '../streams/index.ts';
import type { StreamId } from '../streams/stream.ts';
import { drainAll } from './files-orchestration.ts';
import { fanOut, type Orchestration, type Steps, step } from './orchestration.ts';
import { failAll, type GroupInput, type GroupResult, guarded } from './run-orchestration.ts';
import type { ImportSlice, SplitFrom } from './split-import.ts';
import type { WriteInput } from './write-report.ts';

/** What one generation hands to the next: references and counts, no bodies. */
export interface ImportInput extends GroupInput {
  /** What the appliance was asked at first is known. */
  readonly asked?: true;
  readonly slices?: readonly ImportSlice[];
  readonly from?: SplitFrom;
  /** The import was read to its end. */
  readonly read?: true;
  /** Our clock, Unix seconds. */
  readonly now?: number;
  readonly failures?: Readonly<Record<TransferKey, FailureReport>>;
}

/** Some twelve events each with four transfers: a history of fewer than 200. */
const SLICES_A_GENERATION = 10;

/** The sessions of an import, slice by slice to every transfer, then the files that they announced. */
export function* importOrchestration(
  durable: Orchestration,
  input: ImportInput,
): Steps<GroupResult | undefined> {
  let continued = false;
  const result = yield* guarded(input, function* () {
    const load = new ImportLoad(durable, input);
    if (!input.asked) yield* load.leaveOutRefused();
    yield* load.split();
    yield* load.write(SLICES_A_GENERATION);
    const next = load.next();
    if (next !== undefined) {
      continued = true;
      durable.continueAsNew(next);
    }
    if (next !== undefined || load.cancelled) return { failures: load.failures, cancelled: load.cancelled };
    return yield* load.drain();
  });
  return continued ? undefined : result;
}

class ImportLoad {
  readonly failures: Record<TransferKey, FailureReport>;
  cancelled = false;
  readonly #durable: Orchestration;
  readonly #input: ImportInput;
  #slices: readonly ImportSlice[];
  #from: SplitFrom | undefined;
  #read: boolean;
  #now: number;

  constructor(durable: Orchestration, input: ImportInput) {
    this.#durable = durable;
    this.#input = input;
    this.failures = { ...input.failures };
    this.#slices = input.slices ?? [];
    this.#from = input.from;
    this.#read = input.read ?? false;
    this.#now = input.now ?? 0;
  }

  /** The appliance may lack a data type, or its account a permission. That it cannot be asked stops no session data. */
  *leaveOutRefused(): Steps<void> {
    const info = yield* this.#ask();
    if (info?.status === 'done')
      for (const transfer of this.#files()) {
        const refused = info.refused[transfer];
        if (refused) this.failures[transfer] = refused;
      }
    else if (info?.status === 'cancelled') this.cancelled = true;
  }

  *split(): Steps<void> {
    if (this.cancelled || this.#read || this.#slices.length > 0) return;
    const { runId, siteId } = this.#input;
    const from = this.#from === undefined ? {} : { from: this.#from };
    const split = yield* step(this.#durable, 'split-import', { runId, siteId, ...from });
    if (split.status === 'cancelled') this.cancelled = true;
    else if (split.status === 'failed') {
      Object.assign(this.failures, failAll(this.#alive(), split.failure));
      this.#read = true;
    } else {
      this.#slices = split.slices;
      this.#from = split.next;
      this.#read = split.next === undefined;
      this.#now = split.now;
    }
  }

  *write(most: number): Steps<void> {
    for (let done = 0; done < most && !this.cancelled; done++) {
      const [slice, ...left] = this.#slices;
      if (slice === undefined) return;
      yield* this.#writeSlice(slice);
      this.#slices = left;
    }
  }

  /** Undefined when everything was written, or nothing more can be. */
  next(): ImportInput | undefined {
    if (this.cancelled || this.#alive().length === 0) return undefined;
    if (this.#read && this.#slices.length === 0) return undefined;
    const { runId, instanceId, siteId, feed, streams, transfers } = this.#input;
    return {
      ...{ runId, instanceId, siteId, feed, streams, transfers },
      asked: true,
      slices: this.#slices,
      now: this.#now,
      failures: this.failures,
      ...(this.#from === undefined ? {} : { from: this.#from }),
      ...(this.#read ? { read: true as const } : {}),
    };
  }

  /** A site that cannot be reached is said once, and not once for each recording. */
  *drain(): Steps<GroupResult> {
    const info = yield* this.#ask();
    if (info?.status === 'cancelled') return { failures: this.failures, cancelled: true };
    if (info?.status === 'failed')
      for (const transfer of this.#files()) this.failures[transfer] ??= info.failure;
    const { runId, instanceId, siteId, feed, transfers } = this.#input;
    const streams = new Set(
      this.#files()
        .filter((transfer) => !(transfer in this.failures))
        .map((transfer) => transferParts(transfer).stream as StreamId),
    );
    const group: GroupInput = { runId, instanceId, siteId, feed, transfers, streams: [...streams] };
    return yield* drainAll(this.#durable, group, this.failures, instanceId);
  }

  *#ask() {
    if (this.#files().length === 0) return undefined;
    const { runId, siteId } = this.#input;
    return yield* step(this.#durable, 'plan-sessions', { runId, siteId, without: [] });
  }

  *#writeSlice({ staged, part }: ImportSlice): Steps<void> {
    const { runId, siteId } = this.#input;
    const now = this.#now;
    const inputs = this.#alive().map(
      (transfer): WriteInput => ({
        ...{ runId, siteId, transfer, part, staged },
        reading: 'import',
        readAt: 0,
        appliance: now,
        ours: now,
      }),
    );
    const outcomes = yield* fanOut(this.#durable, 'write-report', inputs);
    for (const [index, outcome] of outcomes.entries()) {
      const transfer = inputs[index]?.transfer;
      if (outcome.status === 'cancelled') this.cancelled = true;
      else if (outcome.status === 'failed' && transfer !== undefined)
        this.failures[transfer] = outcome.failure;
    }
    yield* step(this.#durable, 'drop-staged', { names: [staged] });
  }

  #alive(): TransferKey[] {
    return this.#input.transfers.filter((transfer) => !(transfer in this.failures));
  }

  #files(): TransferKey[] {
    return this.#input.transfers.filter(
      (transfer) => streamOf(transferParts(transfer).stream as StreamId).content === 'file',
    );
  }
}

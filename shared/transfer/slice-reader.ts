import type { SessionSelector } from '../appliance/appliance.ts';
import type { FailureReport } from '../errors.ts';
import type { TransferKey } from '../runs/run.ts';
import { fanOut, type Orchestration, type Steps, step } from './orchestration.ts';
import type { Mark, SessionsPlan, Slice } from './plan-sessions.ts';
import type { ReadReport } from './read-report.ts';
import { failAll, type GroupInput, reportOf } from './run-orchestration.ts';
import { halve } from './window.ts';
import type { WriteInput } from './write-report.ts';

interface Reading {
  readonly selector: SessionSelector;
  readonly reading: WriteInput['reading'];
}

/** Reads slices and brings them to every transfer that is to get them. A transfer that fails drops out by itself. */
export class SliceReader {
  readonly #durable: Orchestration;
  readonly #input: GroupInput;
  readonly #plan: SessionsPlan;
  readonly #failures: Record<TransferKey, FailureReport>;
  readonly marks: Record<TransferKey, Mark>;
  cancelled = false;

  constructor(
    durable: Orchestration,
    input: GroupInput,
    plan: SessionsPlan,
    failures: Record<TransferKey, FailureReport>,
  ) {
    this.#durable = durable;
    this.#input = input;
    this.#plan = plan;
    this.#failures = failures;
    this.marks = { ...plan.marks };
  }

  *readSlice(slice: Slice): Steps<void> {
    const { pull, by = 'start_time' } = this.#plan;
    const waiting = [slice];
    for (let next = waiting.shift(); next !== undefined && !this.cancelled; next = waiting.shift()) {
      const { from, to, transfers } = next;
      const window = { from, to };
      const readings: Reading[] = pull
        ? [{ selector: { by, ...window }, reading: 'pull' }]
        : [
            { selector: { by: 'end_time', ...window }, reading: 'ended' },
            { selector: { by: 'start_time', ...window }, reading: 'began' },
          ];
      const result = yield* this.#read(readings, transfers, `${from}-${to}`);
      const halves = result === 'too-large' ? halve(next) : undefined;
      if (halves) waiting.unshift(...halves.map((half) => ({ ...half, transfers })));
      else if (result === 'done' && !pull) yield* this.#commit(this.#alive(transfers), to);
    }
  }

  /** Named sessions. A refusal may be about one of them only: then each is asked for by itself. */
  *readNamed(lsids: readonly string[], transfers: readonly TransferKey[]): Steps<void> {
    const reading = this.#plan.pull ? 'pull' : 'named';
    const waiting = [lsids];
    for (let next = waiting.shift(); next !== undefined && !this.cancelled; next = waiting.shift()) {
      const part = `named-${next[0]}-${next.length}`;
      const result = yield* this.#read(
        [{ selector: { by: 'lsids', lsids: next }, reading }],
        transfers,
        part,
        next,
      );
      if (result !== 'refused') continue;
      const middle = Math.ceil(next.length / 2);
      waiting.unshift(next.slice(0, middle), next.slice(middle));
    }
  }

  #alive(transfers: readonly TransferKey[]): TransferKey[] {
    return transfers.filter((transfer) => !(transfer in this.#failures));
  }

  *#read(
    readings: readonly Reading[],
    transfers: readonly TransferKey[],
    part: string,
    named?: readonly string[],
  ): Steps<'done' | 'too-large' | 'refused' | 'failed'> {
    const alive = this.#alive(transfers);
    if (alive.length === 0) return 'failed';
    const { runId, siteId } = this.#input;
    const reads = yield* fanOut(
      this.#durable,
      'read-report',
      readings.map(({ selector }) => ({ runId, siteId, selector, ...reportOf(this.#input) })),
    );
    if (reads.some(({ status }) => status === 'cancelled')) {
      this.cancelled = true;
      return 'failed';
    }
    const failed = reads.find((read) => read.status === 'failed');
    const staged = reads.flatMap((read) =>
      read.status === 'done' && read.staged !== undefined ? [read.staged] : [],
    );
    const tooLarge = reads.some((read) => read.status === 'done' && read.tooLarge);
    let result: 'done' | 'too-large' | 'refused' | 'failed' = 'done';
    if (failed?.status === 'failed') {
      // Of known open sessions one may be unknown to the appliance by now: the others must not wait for it.
      if (named !== undefined && named.length > 1 && failed.failure.code === 'invalid-lsid')
        result = 'refused';
      else {
        Object.assign(this.#failures, failAll(alive, failed.failure));
        result = 'failed';
      }
    } else if (tooLarge) result = 'too-large';
    else yield* this.#write(readings, reads as readonly ReadReport[], alive, part, named);
    if (staged.length > 0) yield* step(this.#durable, 'drop-staged', { names: staged });
    return result;
  }

  *#write(
    readings: readonly Reading[],
    reads: readonly ReadReport[],
    transfers: readonly TransferKey[],
    part: string,
    named: readonly string[] | undefined,
  ): Steps<void> {
    const { runId, siteId } = this.#input;
    const { appliance, ours, applianceId, apiVersion } = this.#plan;
    const inputs = transfers.flatMap((transfer) =>
      readings.flatMap(({ reading }, index): WriteInput[] => {
        const read = reads[index];
        // Of named sessions it matters as well that none was found.
        if (!read || (read.staged === undefined && named === undefined)) return [];
        return [
          {
            runId,
            siteId,
            transfer,
            reading,
            part: `${reading}-${part}`,
            readAt: read.readAt,
            appliance,
            ours,
            ...(read.staged === undefined ? {} : { staged: read.staged }),
            ...(named === undefined ? {} : { expected: named }),
            ...(applianceId === undefined ? {} : { applianceId }),
            ...(apiVersion === undefined ? {} : { apiVersion }),
          },
        ];
      }),
    );
    const outcomes = yield* fanOut(this.#durable, 'write-report', inputs);
    for (const [index, outcome] of outcomes.entries()) {
      const transfer = inputs[index]?.transfer;
      if (outcome.status === 'cancelled') this.cancelled = true;
      else if (outcome.status === 'failed' && transfer !== undefined)
        this.#failures[transfer] = outcome.failure;
    }
  }

  *#commit(transfers: readonly TransferKey[], to: number): Steps<void> {
    if (this.cancelled) return;
    const { runId, siteId } = this.#input;
    const { appliance, ours } = this.#plan;
    const inputs = transfers.flatMap((transfer) => {
      const mark = this.marks[transfer];
      return mark ? [{ runId, siteId, transfer, mark, to, appliance, ours }] : [];
    });
    const outcomes = yield* fanOut(this.#durable, 'commit-slice', inputs);
    for (const [index, outcome] of outcomes.entries()) {
      const input = inputs[index];
      if (!input) continue;
      if (outcome.status === 'cancelled') this.cancelled = true;
      else if (outcome.status === 'failed') this.#failures[input.transfer] = outcome.failure;
      else if (outcome.etag === undefined) this.#failures[input.transfer] = overtaken;
      else this.marks[input.transfer] = { ...input.mark, etag: outcome.etag };
    }
  }
}

const overtaken: FailureReport = {
  kind: 'transient',
  code: 'overtaken',
  message: 'Another run moved on with this transfer meanwhile; it has what this run was reading.',
};

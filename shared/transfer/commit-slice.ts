import type { TransferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Mark } from './plan-sessions.ts';
import { moveWatermark } from './watermark.ts';
import { nextMark } from './window.ts';
import { type Outcome, work } from './work.ts';

export interface CommitInput {
  readonly runId: string;
  readonly siteId: string;
  readonly transfer: TransferKey;
  readonly mark: Mark;
  /** Everything before this is stored or in the ledger. Unix seconds, appliance's clock. */
  readonly to: number;
  readonly appliance: number;
  readonly ours: number;
}

/** `etag` absent: another run moved the watermark meanwhile. Nothing is lost; this run stops for the transfer. */
export function commitSlice(
  services: Services,
  input: CommitInput,
): Promise<Outcome<{ readonly etag?: string }>> {
  return work(services, input, async ({ run, site }) => {
    const { transfer, mark, appliance, ours } = input;
    const next = nextMark(mark, input.to, { appliance, ours }, `${run.id}:${input.to}`);
    const etag = await moveWatermark(services.state, site.id, transfer, next, mark.etag);
    return etag === undefined ? {} : { etag };
  });
}

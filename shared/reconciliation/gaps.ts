import { type Transfer, type TransferKey, transferKey } from '../runs/run.ts';
import { makePullRun } from '../schedules/make-run.ts';
import type { Day } from './days.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';

/** Named ones a run; what is more is read again by whole days. */
const MOST_NAMED = 1000;

/** What was found missing in a step, day after day. */
export class Gaps {
  readonly #lsids = new Set<string>();
  readonly #transfers = new Map<TransferKey, Transfer>();
  #first: Day | undefined;
  #last: Day | undefined;

  add(day: Day, { transfer }: OpenTransfer, lsids: readonly string[]): void {
    if (lsids.length === 0) return;
    for (const lsid of lsids) this.#lsids.add(lsid);
    this.#transfers.set(transferKey(transfer), transfer);
    this.#first ??= day;
    this.#last = day;
  }

  /**
   * One pull of all that is missing, made once: a step that is delivered twice finds it there. The tick starts it. It
   * moves no watermark. Resolves to its id.
   */
  async pull(at: SiteWork): Promise<string | undefined> {
    const [first, last] = [this.#first, this.#last];
    if (!first || !last) return undefined;
    const selection =
      this.#lsids.size <= MOST_NAMED
        ? ({ by: 'lsids', lsids: [...this.#lsids].sort() } as const)
        : ({ by: 'end_time', from: first.from, to: last.to } as const);
    const name = `gap-${at.site.id}-${first.name.slice(2).replaceAll('-', '')}`;
    return makePull(at, name, [...this.#transfers.values()], selection);
  }
}

export async function makePull(
  { services, settings, reconciliation }: SiteWork,
  name: string,
  transfers: readonly Transfer[],
  selection: Parameters<typeof makePullRun>[2]['selection'] & object,
): Promise<string> {
  const { id, at } = reconciliation;
  const run = await makePullRun(services.state, settings, {
    // When the reconciliation was made, not now: a repeat makes the same id.
    now: Date.parse(at),
    name,
    transfers,
    selection,
    reconciliation: id,
  });
  return run.id;
}

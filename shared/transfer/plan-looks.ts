import { MOST_LSIDS } from '../appliance/report-questions.ts';
import { type TransferKey, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import { openSessions } from './open-sessions.ts';
import { isFedBy } from './plan-sessions.ts';
import { type Outcome, work } from './work.ts';

export interface LooksInput {
  readonly runId: string;
  readonly siteId: string;
  readonly appliance: number;
  readonly without: readonly TransferKey[];
  /** Absent: sessions. */
  readonly report?: SessionReportKind;
  /** The last lsid of the batches before. */
  readonly after?: string;
}

export interface Looks {
  readonly batches: readonly {
    readonly lsids: readonly string[];
    readonly transfers: readonly TransferKey[];
  }[];
  /** Absent when these are the last. */
  readonly after?: string;
}

const BATCHES = 6;

/** Known open sessions that are to be asked for by name: once for every transfer that waits for them. A pull's own list too. */
export function planLooks(services: Services, input: LooksInput): Promise<Outcome<Looks>> {
  return work(services, input, async ({ run, site }) => {
    const transfers = run.transfers
      .filter(({ siteId, stream }) => siteId === site.id && isFedBy(stream, input.report))
      .map(transferKey)
      .filter((key) => !input.without.includes(key));
    const waiting = new Map<string, TransferKey[]>();
    if (run.kind === 'pull') {
      if (run.selection?.by === 'lsids') for (const lsid of run.selection.lsids) waiting.set(lsid, transfers);
    } else
      for (const transfer of transfers)
        for (const { lsid } of await openSessions(services.state, transfer, input.appliance))
          waiting.set(lsid, [...(waiting.get(lsid) ?? []), transfer]);
    const after = input.after ?? '';
    const lsids = [...waiting.keys()].filter((lsid) => lsid > after).sort();
    const batches = [];
    for (let from = 0; from < lsids.length && batches.length < BATCHES; from += MOST_LSIDS) {
      const batch = lsids.slice(from, from + MOST_LSIDS);
      batches.push({
        lsids: batch,
        transfers: [...new Set(batch.flatMap((lsid) => waiting.get(lsid) ?? []))],
      });
    }
    const last = batches.at(-1)?.lsids.at(-1);
    const more = batches.length * MOST_LSIDS < lsids.length;
    return { batches, ...(more && last !== undefined ? { after: last } : {}) };
  });
}

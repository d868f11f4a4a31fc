import type { Transfer } from '../runs/run.ts';
import { DAY_SECONDS } from './days.ts';
import { makePull } from './gaps.ts';
import type { OpenTransfer, SiteWork } from './site-work.ts';

const CHANGED_DAYS = 2;

/**
 * Pulls that read the sessions of the last days again: what changed after they were read, recordings and shells that
 * were announced late, and readings that looked older than they were while a clock was wrong. Resolves to their ids.
 */
export async function readAgain(at: SiteWork, open: readonly OpenTransfer[]): Promise<string[]> {
  const { today, site } = at;
  const groups = new Map<number, { to: number; transfers: Transfer[] }>();
  for (const { transfer, stream, mark } of open) {
    if (stream.from !== 'session-report' || !mark) continue;
    const from = Math.max(today.from - CHANGED_DAYS * DAY_SECONDS, mark.begin);
    // Beyond the watermark the next run reads by itself.
    const to = Math.min(today.from, mark.to);
    if (from >= to) continue;
    const group = groups.get(from) ?? { to, transfers: [] };
    group.transfers.push(transfer);
    groups.set(from, { ...group, to: Math.max(to, group.to) });
  }
  const ids: string[] = [];
  for (const [from, { to, transfers }] of groups)
    ids.push(
      await makePull(at, `re-${site.id}-${from.toString(36)}`, transfers, { by: 'end_time', from, to }),
    );
  return ids;
}

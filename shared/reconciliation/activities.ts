import type { Services } from '../services.ts';
import { reconcileSite, type SiteOutcome } from './reconcile-site.ts';
import { endReconciliation, readReconciliation } from './record.ts';

/** Every step of a reconciliation, under the name that histories know it by. */
export const reconcileActivities = {
  'reconcile-begin': begin,
  'reconcile-site': reconcileSite,
  'reconcile-end': end,
} as const;

/** The sites, as they were when it was made; none where it has ended before. */
async function begin({ state }: Services, { id }: { readonly id: string }): Promise<{ sites: string[] }> {
  const record = await readReconciliation(state, id);
  return { sites: record && record.finishedAt === undefined ? [...record.sites] : [] };
}

async function end(
  { state, log, now }: Services,
  { id, outcomes }: { readonly id: string; readonly outcomes: readonly SiteOutcome[] },
): Promise<object> {
  await endReconciliation(state, id, { outcomes, finishedAt: new Date(now()).toISOString() });
  log.info('Reconciliation finished', {
    reconciliation: id,
    sites: outcomes.length,
    missing: outcomes.reduce((sum, { missing }) => sum + missing, 0),
    failed: outcomes.filter(({ failure }) => failure !== undefined).length,
  });
  return {};
}

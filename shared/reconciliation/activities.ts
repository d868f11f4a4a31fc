import { withLogFields } from '../log.ts';
import { followSettings } from '../runs/follow-settings.ts';
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
    sites: outcomes.length,
    missing: outcomes.reduce((sum, { missing }) => sum + missing, 0),
    failed: outcomes.filter(({ failure }) => failure !== undefined).length,
  });
  return {};
}

/** One activity as the engine asks for it. All that it logs names the reconciliation, as the id of a run, and the site. */
export function runReconcileActivity(
  services: Services,
  name: keyof typeof reconcileActivities,
  input: { readonly id: string; readonly cursor?: { readonly siteId: string } },
): Promise<unknown> {
  const activity = reconcileActivities[name] as (at: Services, input: unknown) => Promise<unknown>;
  const fields = { log: 'service', run: input.id, activity: name, site: input.cursor?.siteId };
  return withLogFields(fields, async () => {
    await followSettings(services);
    return activity(services, input);
  });
}

import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';
import { siteIn } from '../settings/named-item.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { dailyId, endReconciliation, handId, makeReconciliation, type Reconciliation } from './record.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Starts the reconciliation of the day, once, from the set hour on. It is claimed by its record: a claim that no start
 * followed is taken up by the next call, and one whose orchestration ended in itself is closed.
 */
export async function reconcileDaily(
  services: Services,
  starter: RunStarter,
): Promise<Reconciliation | undefined> {
  const { state, now } = services;
  const { settings } = await loadSettings(state);
  const day = Math.floor(now() / DAY) * DAY;
  if (settings.scheduler === 'stopped' || settings.sites.length === 0) return undefined;
  if (now() < day + settings.application.reconcileHour * HOUR) return undefined;
  const record = await makeReconciliation(state, {
    id: dailyId(day),
    by: 'timer',
    at: new Date(now()).toISOString(),
    sites: settings.sites.map(({ id }) => id),
  });
  if (record.finishedAt !== undefined) return record;
  await starter.start(record.id);
  if (!(await starter.isGoing(record.id))) await closeEnded(services, starter, record.id);
  return record;
}

/** It has ended by itself meanwhile, or it never will: then its record must not look as if it went on. */
async function closeEnded({ state, now }: Services, starter: RunStarter, id: string): Promise<void> {
  const why = (await starter.whyEnded?.(id)) ?? 'the log has the details.';
  const message = `The reconciliation ended without a result: ${why}`;
  await endReconciliation(state, id, {
    finishedAt: new Date(now()).toISOString(),
    failure: { kind: 'internal', code: 'orchestration-ended', message },
  });
}

/** On somebody's word, of some sites or all. Throws `Failure` `unknown-site`. */
export async function reconcileByHand(
  services: Services,
  starter: RunStarter,
  asked: { readonly sites?: readonly string[]; readonly days?: number; readonly name: string },
): Promise<Reconciliation> {
  const { state, now } = services;
  const { settings } = await loadSettings(state);
  const sites = asked.sites?.map((id) => siteIn(settings, id)) ?? settings.sites;
  const record = await makeReconciliation(state, {
    id: handId(now(), asked.name),
    by: 'hand',
    at: new Date(now()).toISOString(),
    sites: [...new Set(sites.map(({ id }) => id))],
    ...(asked.days === undefined ? {} : { days: asked.days }),
  });
  await starter.start(record.id);
  return record;
}

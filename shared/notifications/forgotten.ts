import { transferKey } from '../runs/run.ts';
import type { Settings } from '../settings/settings.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Trouble } from './trouble.ts';
import { changeTrouble, overcome, type Troubles } from './trouble-store.ts';

/** What the settings do not have any more, no run will tell to be over. */
export async function closeForgotten(
  state: StateStore,
  settings: Settings,
  troubles: Troubles,
  now: number,
): Promise<void> {
  const sites = new Set(settings.sites.map(({ id }) => id));
  const schedules = new Set(settings.schedules.map(({ id }) => id));
  const moved = settings.schedules.flatMap(({ transfers }) =>
    transfers.flatMap(({ site, destination, dataTypes }) =>
      dataTypes.map((stream) => ({ siteId: site, stream, destinationId: destination })),
    ),
  );
  const transfers = new Set(moved.map(transferKey));
  const owing = new Set(moved.map(({ siteId, stream }) => `${siteId}|${stream}`));
  const isThere = ({ kind, scheduleId = '', siteId = '', stream = '', destinationId }: Trouble): boolean => {
    if (kind === 'ledger') return owing.has(`${siteId}|${stream}`);
    if (kind === 'gap' && destinationId === undefined) return sites.has(siteId);
    if (destinationId === undefined) return schedules.has(scheduleId);
    return transfers.has(`${siteId}|${stream}|${destinationId}`);
  };
  for (const entry of troubles.values())
    if (entry.value.over === undefined && !entry.value.event && !isThere(entry.value))
      await changeTrouble(state, entry.key, (before) => overcome(before, {}, now), entry);
}

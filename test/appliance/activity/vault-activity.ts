import type { TimeWindow } from '../../../shared/appliance/appliance.ts';
import type { VaultAccountActivity } from '../../../shared/appliance/reports/index.ts';
import type { Settings } from '../options.ts';
import { makeRepresentative } from '../people.ts';
import { Random } from '../random.ts';
import type { SessionIds } from '../session-ids.ts';
import { element, wrap } from '../xml-element.ts';
import { createTimeline, passed } from './timeline.ts';

const accounts = 4;

export interface VaultActivity {
  /** @param limit `all`, `rep:ID`, `account:ID` */
  entries(window: TimeWindow, now: number, limit?: string): VaultAccountActivity[];
}

/** Half as many entries as sessions. */
export function createVaultActivity(settings: Settings, ids: SessionIds): VaultActivity {
  const { seed, odd, product, sessions } = settings;
  const timeline = createTimeline(settings, Math.ceil(sessions / 2), 41);

  function entry(index: number) {
    const random = new Random(seed, index, 41);
    const user = makeRepresentative(random, product, odd);
    const account = random.int(accounts);
    const [eventType, data] = random.pick<readonly [string, string | null]>([
      ['Credentials Used', ids.lsid(random.int(sessions))],
      ['Password Changed', 'Manually Edited'],
      ['Account Created', null],
      ['Account Deleted', odd ? '' : null],
    ]);
    const activity: VaultAccountActivity = {
      time: timeline.timeOf(index),
      eventType,
      account: String(account + 1),
      performedBy: { id: user.userId, type: 'User', name: user.displayName },
      data,
    };
    return { activity, keys: ['all', `rep:${user.userId}`, `account:${account + 1}`] };
  }

  return {
    entries(window, now, limit = 'all') {
      const { from, to } = passed(window, now);
      const found = [...timeline.within(from, to)].map(entry);
      return found.filter(({ keys }) => keys.includes(limit)).map(({ activity }) => activity);
    },
  };
}

export function vaultXml({ time, eventType, account, performedBy, data }: VaultAccountActivity): string {
  const inner =
    element(2, 'performed_by', performedBy?.name ?? null, 'entities', {
      id: performedBy?.id ?? null,
      type: performedBy?.type ?? null,
    }) + element(2, 'data', data);
  return wrap(1, 'vault_account_activity', inner, {
    timestamp: String(time),
    event_type: eventType,
    account,
  });
}

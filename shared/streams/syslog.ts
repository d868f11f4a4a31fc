import { snapshotItem, snapshotSample } from './snapshot-item.ts';
import type { SnapshotStream } from './stream.ts';

/**
 * The appliance's log as a ZIP: the current log as text and older parts as `*.gz` (observed). It takes no selector:
 * each fetch holds all that the appliance still has, so it is keyed by the due instant. API versions as in the API's
 * change log; the name of the permission is unverified (guides name a right for syslog reports without it).
 */
export const syslog: SnapshotStream = {
  id: 'syslog',
  title: 'Syslog',
  products: ['RS', 'PRA'],
  since: { RS: '1.22.2', PRA: '1.22.3' },
  permissions: ['perm_reporting_syslog'],
  samples: () => [snapshotSample('syslog', 'zip')],
  from: 'snapshot',
  content: 'file',
  itemAt: (due) => snapshotItem(due, 'syslog', 'zip'),
  open: (appliance, _item, call) => appliance.syslog(call),
};

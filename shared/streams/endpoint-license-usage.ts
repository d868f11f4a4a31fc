import { snapshotItem, snapshotSample } from './snapshot-item.ts';
import type { SnapshotStream } from './stream.ts';

/** Which endpoints use a licence today: a ZIP with `jump_items.csv` (observed). Keyed by the due instant. */
export const endpointLicenseUsage: SnapshotStream = {
  id: 'endpoint-license-usage',
  title: 'Endpoint License Usage',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_license'],
  samples: () => [snapshotSample('endpoint-license-usage', 'zip')],
  from: 'snapshot',
  content: 'file',
  itemAt: (due) => snapshotItem(due, 'endpoint-license-usage', 'zip'),
  open: (appliance, _item, call) => appliance.endpointLicenseUsage(call),
};

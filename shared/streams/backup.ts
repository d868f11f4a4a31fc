import { snapshotItem, snapshotSample } from './snapshot-item.ts';
import type { SnapshotStream } from './stream.ts';

/** A site backup (Backup API), keyed by the due instant. */
export const backup: SnapshotStream = {
  id: 'backup',
  title: 'Site Backups',
  products: ['RS', 'PRA'],
  permissions: ['perm_backup'],
  samples: () => [snapshotSample('backup', 'nsb')],
  from: 'snapshot',
  content: 'file',
  protectable: true,
  itemAt: (due) => snapshotItem(due, 'backup', 'nsb'),
  open: (appliance, _item, call) => appliance.backup(call),
};

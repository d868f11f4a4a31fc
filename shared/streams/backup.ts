import type { SnapshotStream } from './stream.ts';

/**
 * A site backup (Backup API). It has no session: SESSION_TYPE is `backup` and LSID the due instant, so that the
 * default File Name Format gives HOST-backup-YYYYMMDDTHHMMSSZ.nsb.
 */
export const backup: SnapshotStream = {
  id: 'backup',
  title: 'Site Backups',
  products: ['RS', 'PRA'],
  permissions: ['perm_backup'],
  sample: { SESSION_TYPE: 'backup', LSID: '20260101T000000Z', EXTENSION: 'nsb' },
  from: 'snapshot',
  content: 'file',
  itemAt(due) {
    const instant = `${due.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    return { key: instant, values: { SESSION_TYPE: 'backup', LSID: instant }, extension: 'nsb' };
  },
  open: (appliance, _item, call) => appliance.backup(call),
};

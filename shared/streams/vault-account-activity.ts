import { bucketItem, bucketSample, REPORT_LAG } from './bucket-report.ts';
import type { BucketStream } from './stream.ts';

/** Uses and changes of vault accounts (VaultAccountActivity). Appliances keep them for 90 days (observed). */
export const vaultAccountActivity: BucketStream = {
  id: 'vault-account-activity',
  title: 'Vault Account Activity',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_vault'],
  samples: (options) => [bucketSample('vault-account-activity', options)],
  from: 'bucket',
  content: 'file',
  lag: REPORT_LAG,
  itemsOf: (bucket) => [bucketItem(bucket, 'vault-account-activity')],
  open: (appliance, _item, window, call) => appliance.vaultAccountActivity(window, call),
};

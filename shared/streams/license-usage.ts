import { bucketItem, bucketSample, REPORT_LAG } from './bucket-report.ts';
import type { BucketStream } from './stream.ts';

/**
 * Licences in use (LicenseUsage, RS), by hour. An appliance keeps it only for times at which nine in ten licences were
 * in use (API guide).
 */
export const licenseUsage: BucketStream = {
  id: 'license-usage',
  title: 'License Usage',
  products: ['RS'],
  permissions: ['perm_reporting_license'],
  samples: (options) => [bucketSample('license-usage', options)],
  from: 'bucket',
  content: 'file',
  lag: REPORT_LAG,
  itemsOf: (bucket) => [bucketItem(bucket, 'license-usage')],
  open: (appliance, _item, window, call) => appliance.licenseUsage({ ...window, groupBy: 'hour' }, call),
};

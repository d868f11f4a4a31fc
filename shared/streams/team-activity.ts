import { bucketItem, bucketSample, REPORT_LAG } from './bucket-report.ts';
import type { BucketStream } from './stream.ts';

/**
 * Who was logged in to which team, and what happened in it (SupportTeam, Team), all teams in one document. Which
 * permission it needs is unverified: no source gives it one of its own, so it is taken to go with session reports.
 */
export const teamActivity: BucketStream = {
  id: 'team-activity',
  title: 'Team Activity',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_support', 'perm_reporting'],
  samples: (options) => [bucketSample('team-activity', options)],
  from: 'bucket',
  content: 'file',
  lag: REPORT_LAG,
  itemsOf: (bucket) => [bucketItem(bucket, 'team-activity')],
  open: (appliance, _item, window, call) => appliance.teamActivity(window, call),
};

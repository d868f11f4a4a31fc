import { bucketItem, bucketSample } from './bucket-report.ts';
import type { BucketStream } from './stream.ts';

/**
 * Surveys are found by when their session began (observed) and are answered after it ended: a bucket is read when the
 * sessions that began in it are over and answered, as far as a day can tell.
 */
const LAG = 24 * 3600;

/** Answers of customers and of representatives (RS): two reports (SupportCustExitSurvey, SupportRepExitSurvey), two items a bucket. */
export const exitSurvey: BucketStream = {
  id: 'exit-survey',
  title: 'Exit Surveys',
  products: ['RS'],
  permissions: ['perm_reporting_support'],
  samples: (options) => [
    bucketSample('exit-survey-customer', options),
    bucketSample('exit-survey-representative', options),
  ],
  from: 'bucket',
  content: 'file',
  lag: LAG,
  itemsOf: (bucket) => [
    bucketItem(bucket, 'exit-survey-customer', 'customer'),
    bucketItem(bucket, 'exit-survey-representative', 'representative'),
  ],
  open: (appliance, { key, variant }, window, call) => {
    if (variant !== 'customer' && variant !== 'representative') throw new Error(`${key} names no survey`);
    return appliance.exitSurvey(variant, window, call);
  },
};

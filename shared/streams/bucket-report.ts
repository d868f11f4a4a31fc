import type { FileNameValues } from '../destinations/destination.ts';
import { type Bucket, bucketKey, bucketName } from './bucket.ts';
import type { FileDescription, TransferOptions } from './stream.ts';

/** Late entries of an appliance fall into this, as with sessions. Seconds. */
export const REPORT_LAG = 15 * 60;

/**
 * The item of one bucket. It has no session: SESSION_TYPE is the data type, LSID the bucket's start, so that the
 * default File Name Format gives HOST-team-activity-20261120T000000Z.xml.
 */
export function bucketItem(bucket: Bucket, type: string, variant?: string): FileDescription {
  const { from, to } = bucket;
  return {
    key: variant === undefined ? bucketKey(bucket) : `${bucketKey(bucket)}|${variant}`,
    ...(variant === undefined ? {} : { variant }),
    window: { from, to },
    values: { SESSION_TYPE: type, LSID: bucketName(bucket) },
    extension: 'xml',
  };
}

/** 1 January 2026, as `bucketItem` names it. */
export function bucketSample(type: string, { reportPeriod = 'day' }: TransferOptions): FileNameValues {
  const from = Date.UTC(2026, 0, 1) / 1000;
  const to = from + (reportPeriod === 'day' ? 86_400 : 3600);
  return { SESSION_TYPE: type, LSID: bucketName({ from, to }), EXTENSION: 'xml' };
}

import type { TimeWindow } from '../../../shared/appliance/appliance.ts';
import type { LicenseUsageInterval } from '../../../shared/appliance/reports/index.ts';
import type { Settings } from '../options.ts';
import { mix } from '../random.ts';
import { element, wrap } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';

export type Grouping = 'hour' | 'day' | 'month';

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;

/** Hours in which nine in ten licences were in use: about one in four of the appliance's time, and all sums over them. */
export function licenseIntervals(
  { seed, from: first, to: last }: Settings,
  window: TimeWindow,
  now: number,
  groupBy: Grouping,
): LicenseUsageInterval[] {
  const from = Math.max(window.from, first);
  const to = Math.min(window.to, last, now + 1);
  const peaks = new Map<number, number>();
  for (let hour = Math.ceil(from / hourSeconds) * hourSeconds; hour < to; hour += hourSeconds) {
    const chance = mix(seed, hour / hourSeconds, 51);
    if (chance % 4 !== 0) continue;
    const start = groupStart(hour, groupBy);
    peaks.set(start, Math.max(peaks.get(start) ?? 0, 18 + (chance % 3)));
  }
  return [...peaks].map(([start, peak]) => {
    const end = groupEnd(start, groupBy);
    return {
      start,
      end,
      values: [
        ['start_time', isoTime(start)],
        ['start_time/timestamp', String(start)],
        ['end_time', isoTime(end)],
        ['end_time/timestamp', String(end)],
        ['max_licenses_used', String(peak)],
        ['licenses', '20'],
      ],
    };
  });
}

/** No source shows the parts of an interval: these are made up. */
export function licenseXml({ start, end, values }: LicenseUsageInterval): string {
  const time = (name: string, seconds: number | null) =>
    element(3, name, isoTime(seconds ?? 0), 'entities', { timestamp: String(seconds) });
  const value = (wanted: string) => values.find(([name]) => name === wanted)?.[1] ?? null;
  return wrap(
    2,
    'license_time_interval',
    time('start_time', start) +
      time('end_time', end) +
      element(3, 'max_licenses_used', value('max_licenses_used')) +
      element(3, 'licenses', value('licenses')),
  );
}

function groupStart(hour: number, groupBy: Grouping): number {
  if (groupBy === 'hour') return hour;
  const date = new Date(hour * 1000);
  return (
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), groupBy === 'day' ? date.getUTCDate() : 1) / 1000
  );
}

function groupEnd(start: number, groupBy: Grouping): number {
  if (groupBy !== 'month') return start + (groupBy === 'hour' ? hourSeconds : daySeconds);
  const date = new Date(start * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000;
}

import { DateTime } from 'luxon';
import type { Period } from '../settings/schedule.ts';

/**
 * The newest due instant at or before `now` (milliseconds since 1970). Minutes and hours count from 1970-01-01 UTC;
 * days count local calendar days from 1970-01-01 and are due at the time of day in the time zone. A time of day that
 * a daylight saving change leaves out is due when the clock has gone forward, one that comes twice the first time.
 */
export function latestDue(period: Period, now: number): number {
  if ('minutes' in period) return floorTo(now, period.minutes * 60_000);
  if ('hours' in period) return floorTo(now, period.hours * 3_600_000);
  const [hour = 0, minute = 0] = period.at.split(':').map(Number);
  const today = DateTime.fromMillis(now, { zone: period.timeZone });
  const dayNumber = Math.floor(Date.UTC(today.year, today.month - 1, today.day) / 86_400_000);
  let back = dayNumber % period.days;
  for (;;) {
    const date = today.minus({ days: back });
    const local = DateTime.fromObject(
      { year: date.year, month: date.month, day: date.day, hour, minute },
      { zone: period.timeZone },
    );
    // Of two instants with that time of day the library takes one or the other, by the season of the day it runs on.
    const due = Math.min(...local.getPossibleOffsets().map((instant) => instant.toMillis()));
    if (due <= now) return due;
    back += period.days;
  }
}

function floorTo(now: number, length: number): number {
  return Math.floor(now / length) * length;
}

import { DateTime } from 'luxon';
import type { Period } from '../settings/schedule.ts';

/**
 * The newest due instant at or before `now` (milliseconds since 1970). Minutes and hours count from 1970-01-01 UTC;
 * days count local calendar days from 1970-01-01 and are due at the time of day in the time zone. A time of day that
 * a daylight saving change leaves out is due when the clock has gone forward, one that comes twice the first time.
 */
export function latestDue(period: Period, now: number): number {
  const length = fixedLength(period);
  if (length !== undefined) return Math.floor(now / length) * length;
  const days = daysOf(period, now);
  for (let back = days.sinceDue; ; back += days.every) {
    const due = days.dueOn(-back);
    if (due <= now) return due;
  }
}

/** The first due instant after `now`. */
export function nextDue(period: Period, now: number): number {
  const length = fixedLength(period);
  if (length !== undefined) return (Math.floor(now / length) + 1) * length;
  const days = daysOf(period, now);
  for (let on = -days.sinceDue; ; on += days.every) {
    const due = days.dueOn(on);
    if (due > now) return due;
  }
}

function fixedLength(period: Period): number | undefined {
  if ('minutes' in period) return period.minutes * 60_000;
  return 'hours' in period ? period.hours * 3_600_000 : undefined;
}

interface Days {
  readonly every: number;
  /** Calendar days from the last day that has a due instant to today's date; 0 where today has one. */
  readonly sinceDue: number;
  /** The due instant on the calendar day so many days after today. */
  dueOn(day: number): number;
}

function daysOf(period: Period, now: number): Days {
  if (!('days' in period)) throw new RangeError('a period of days');
  const [hour = 0, minute = 0] = period.at.split(':').map(Number);
  const today = DateTime.fromMillis(now, { zone: period.timeZone });
  const dayNumber = Math.floor(Date.UTC(today.year, today.month - 1, today.day) / 86_400_000);
  return {
    every: period.days,
    sinceDue: dayNumber % period.days,
    dueOn(day) {
      const { year, month, day: date } = today.plus({ days: day });
      const local = DateTime.fromObject({ year, month, day: date, hour, minute }, { zone: period.timeZone });
      // Of two instants with that time of day the library takes one or the other, by the season of the day it runs on.
      return Math.min(...local.getPossibleOffsets().map((instant) => instant.toMillis()));
    },
  };
}

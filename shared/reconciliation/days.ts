/** A UTC day of an appliance's clock. Unix seconds, half-open. */
export interface Day {
  /** `YYYY-MM-DD`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export const DAY_SECONDS = 86_400;

/** The day that holds this instant. */
export function dayAt(seconds: number): Day {
  const from = Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS;
  return { name: dayName(from), from, to: from + DAY_SECONDS };
}

export function dayName(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Whole days from `from` to before `to`, both a day's start, in order. */
export function daysBetween(from: number, to: number): Day[] {
  const days: Day[] = [];
  for (let at = from; at < to; at += DAY_SECONDS) days.push(dayAt(at));
  return days;
}

/** Undefined for what is no day. */
export function dayNamed(name: string): Day | undefined {
  const seconds = /^\d{4}-\d\d-\d\d$/.test(name) ? Date.parse(`${name}T00:00:00Z`) / 1000 : Number.NaN;
  if (Number.isNaN(seconds)) return undefined;
  const day = dayAt(seconds);
  return day.name === name ? day : undefined;
}

import type { SessionSummary, TimeWindow } from '../../../shared/appliance/appliance.ts';
import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';
import { clockDuration } from '../xml-text.ts';

/** Totals of the sessions that began in the window, by the user who had them first. */
export function summariesOf(world: World, window: TimeWindow, now: number, type: string): SessionSummary[] {
  const users = new Map<string, { name: string | null; seconds: number; total: number }>();
  for (const index of world.population.startedIn(window.from, window.to, now)) {
    const { session } = world.generator.facts(index, now);
    const [owner] = session.representatives;
    if (!owner) continue;
    const user = users.get(owner.userId ?? '') ?? { name: owner.displayName, seconds: 0, total: 0 };
    const end = Math.min(world.population.endOf(index), now);
    user.seconds += end - world.population.startOf(index);
    user.total++;
    users.set(owner.userId ?? '', user);
  }
  const weekdays = Math.max(1, Math.round((((Math.min(window.to, now) - window.from) / 86_400) * 5) / 7));
  return [...users].map(([id, { name, seconds, total }]) => ({
    id,
    type,
    displayName: name,
    totalSessions: total,
    averageSessionsPerWeekday: Math.round((total / weekdays) * 100) / 100,
    averageDuration: clockDuration(Math.round(seconds / total)),
  }));
}

export function summaryXml(summary: SessionSummary): string {
  const inner =
    element(2, 'display_name', summary.displayName) +
    element(2, 'total_sessions', String(summary.totalSessions)) +
    element(2, 'avg_sessions_per_weekday', String(summary.averageSessionsPerWeekday)) +
    element(2, 'avg_duration', summary.averageDuration);
  return wrap(1, 'summary', inner, { id: summary.id, type: summary.type });
}

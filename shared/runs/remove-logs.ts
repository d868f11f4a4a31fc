import type { Services } from '../services.ts';

/**
 * Removes log lines of whole UTC days before `before` (milliseconds, our clock); resolves to how many days. May be done
 * again, and by two hosts at once. Evidence is no log: catalog and manifests stay.
 */
export async function removeLogs({ logs, log }: Services, before: number): Promise<number> {
  const days = (await logs?.remove(before)) ?? 0;
  if (days > 0) log.info('Logs removed', { days, before: new Date(before).toISOString() });
  return days;
}

import type { Services } from '../services.ts';
import type { StateStore } from '../state/state-store.ts';
import type { TickRows } from './schedule-state.ts';

/** When this process last ticked: milliseconds, our clock. */
const checks = new WeakMap<StateStore, number>();

export function noteCheck({ state, now }: Pick<Services, 'state' | 'now'>): void {
  checks.set(state, now());
}

/**
 * When a tick last looked, without a storage call of its own: of this process to the minute, of another one to some
 * five minutes, by the row that its looks for troubles leave. Undefined while none ever did. Milliseconds, our clock.
 */
export function lastCheck(
  { state }: Pick<Services, 'state'>,
  { look }: Pick<TickRows, 'look'>,
): number | undefined {
  const known = [checks.get(state), look?.value.looked].filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

import type { SessionVersion, StoreOutcome } from '../destination.ts';

/** What the database holds of a session, read inside the transaction that decides. */
export interface StoredState {
  /** `undefined`: the session has no row yet. */
  readonly sessionId: number | undefined;
  /** `undefined`: the row was written by another program. */
  readonly ours: { hash: string; form: string; closed: boolean; readAt: number } | undefined;
  /** Another program's row has an end time. */
  readonly foreignClosed: boolean;
  /** Keys in `ic_session` of what we noted about a row that is gone. */
  readonly staleIds: readonly number[];
}

/**
 * Equal content in a form that would be written again as it is, is not written. No older state goes over a newer one: closed over open, then the
 * appliance's time of reading; of two readings within one second the one that comes later counts.
 */
export function decide(
  state: StoredState,
  version: SessionVersion,
  forms: readonly string[],
): Exclude<StoreOutcome['status'], 'rejected'> {
  const { ours } = state;
  if (state.sessionId === undefined) return 'stored';
  if (ours === undefined) return state.foreignClosed && !version.closed ? 'older' : 'replaced';
  // A file that was loaded has no time of reading, and one below zero; the first reading of the appliance gives it one.
  const confirmed = ours.readAt < 0 && version.readAt >= 0;
  if (ours.hash === version.hash && forms.includes(ours.form) && !confirmed) return 'unchanged';
  if (ours.closed !== version.closed) return ours.closed ? 'older' : 'replaced';
  return version.readAt < ours.readAt ? 'older' : 'replaced';
}

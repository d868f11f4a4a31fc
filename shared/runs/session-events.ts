import { type Entry, StateConflict, type StateStore, stateKey } from '../state/state-store.ts';

/**
 * An appliance said that a session has ended: a row for each session, among the runs that have not finished, so that a
 * tick finds both with one call. What comes again before it was pulled is folded into it. Milliseconds, our clock.
 */
export interface SessionEvent {
  readonly siteId: string;
  /** 32 hexadecimal digits, lower case. */
  readonly lsid: string;
  readonly receivedAt: number;
  /** Not pulled before. */
  readonly dueAt: number;
  /** Pulls that were made for it. */
  readonly tries: number;
  /** The pull that is under way for it. */
  readonly pull?: EventPull;
  /** It was said again since that pull was made. */
  readonly again?: true;
}

export interface EventPull {
  readonly at: number;
  readonly name: string;
}

/** The report of a session is there a little after its end; what follows within this time is the same pull's. */
export const EVENT_DELAY = 2 * 60_000;

const PREFIX = 'event|';

/** Ids of runs begin with a digit. */
export function isEventKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** Durable when it resolves. */
export async function queueEvent(
  state: StateStore,
  { siteId, lsid }: Pick<SessionEvent, 'siteId' | 'lsid'>,
  now: number,
): Promise<void> {
  const key = stateKey('event', siteId, lsid);
  const event: SessionEvent = { siteId, lsid, receivedAt: now, dueAt: now + EVENT_DELAY, tries: 0 };
  for (;;) {
    try {
      await state.insert('runs', 'live', key, event);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
    const entry = await state.get<SessionEvent>('runs', 'live', key);
    // It was pulled and forgotten in between: it is a new one.
    if (!entry) continue;
    if (!entry.value.pull || entry.value.again) return;
    if (await changeEvent(state, entry, { ...entry.value, again: true })) return;
  }
}

/** False when somebody else was faster. */
export async function changeEvent(
  state: StateStore,
  { key, etag }: Entry<SessionEvent>,
  next: SessionEvent | undefined,
): Promise<boolean> {
  try {
    if (next) await state.update('runs', 'live', key, next, etag);
    else await state.remove('runs', 'live', key, etag);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}

import { listAll } from '../state/list-all.ts';
import { type Entry, StateConflict, type StateStore } from '../state/state-store.ts';
import type { Trouble } from './trouble.ts';

const PARTITION = ['notifications', 'trouble'] as const;

/** By key, as they were listed. */
export type Troubles = ReadonlyMap<string, Entry<Trouble>>;

export async function listTroubles(state: StateStore): Promise<Entry<Trouble>[]> {
  const troubles: Entry<Trouble>[] = [];
  for await (const entry of listAll<Trouble>(state, ...PARTITION)) troubles.push(entry);
  return troubles;
}

/** Changes a row under its ETag, again when somebody else did so meanwhile. `undefined` leaves it as it is. */
export async function changeTrouble(
  state: StateStore,
  key: string,
  change: (trouble: Trouble | undefined) => Trouble | undefined,
  known?: Entry<Trouble>,
): Promise<void> {
  for (let entry = known; ; entry = undefined) {
    entry ??= await state.get<Trouble>(...PARTITION, key);
    const next = change(entry?.value);
    if (!next) return;
    try {
      if (entry) await state.update(...PARTITION, key, next, entry.etag);
      else await state.insert(...PARTITION, key, next);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Somebody else's change stands. */
export async function removeTrouble(state: StateStore, { key, etag }: Entry<Trouble>): Promise<void> {
  try {
    await state.remove(...PARTITION, key, etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

/** What was met now. */
export type Met = Omit<Trouble, 'since' | 'last' | 'count' | 'over' | 'told'>;

/** A run that is reported twice, or late, changes nothing. */
export function meet(before: Trouble | undefined, met: Met, now: number): Trouble | undefined {
  if (before && isOutdated(before, met)) return undefined;
  const goesOn = before !== undefined && before.over === undefined;
  if (goesOn && met.runId !== undefined && before.runId === met.runId) return undefined;
  const { over: _past, ...rest } = before ?? { told: {} };
  return {
    ...rest,
    ...met,
    since: goesOn ? before.since : now,
    last: now,
    count: (before?.count ?? 0) + 1,
  };
}

/** It is not met any more. */
export function overcome(
  before: Trouble | undefined,
  by: Pick<Met, 'runId' | 'dueAt'>,
  now: number,
): Trouble | undefined {
  if (!before || before.over !== undefined || before.event || isOutdated(before, by)) return undefined;
  return { ...before, ...by, over: now };
}

function isOutdated(before: Trouble, { dueAt }: Pick<Met, 'dueAt'>): boolean {
  return before.dueAt !== undefined && dueAt !== undefined && dueAt < before.dueAt;
}

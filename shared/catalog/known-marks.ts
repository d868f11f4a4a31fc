import type { StateStore } from '../state/state-store.ts';
import type { IndexEntry, TimeRow } from './session-record.ts';

const LOOKS_AT_ONCE = 16;

/**
 * Key of a session's row → mark of what is there of it. Without one it may still be there, under another start: who
 * inserts it then meets it. Those of a slice began near each other, so that one page of `time|` rows tells of
 * most of them; a look at its own row is made for what that page leaves open.
 */
export async function knownMarks(
  state: StateStore,
  partition: string,
  entries: readonly IndexEntry[],
): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  const times = entries.map(({ timeKey }) => timeKey).toSorted();
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return known;
  const page = await state.list<TimeRow>('sessions', partition, { from: first, before: `${last}!` });
  const marks = new Map(page.entries.map(({ key, value }) => [key, value.mark]));
  const open: IndexEntry[] = [];
  for (const entry of entries) {
    const mark = marks.get(entry.timeKey);
    if (mark !== undefined) known.set(entry.key, mark);
    else if (page.next !== undefined && entry.timeKey >= page.next) open.push(entry);
  }
  for (let from = 0; from < open.length; from += LOOKS_AT_ONCE)
    await Promise.all(
      open.slice(from, from + LOOKS_AT_ONCE).map(async ({ key, timeKey }) => {
        const time = await state.get<TimeRow>('sessions', partition, timeKey);
        if (time) known.set(key, time.value.mark);
      }),
    );
  return known;
}

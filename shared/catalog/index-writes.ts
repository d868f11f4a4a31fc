import {
  type Operation,
  StateConflict,
  type Entry as StateEntry,
  type StateStore,
} from '../state/state-store.ts';
import { sessionKey } from './session-keys.ts';
import type { IndexEntry, SessionRow } from './session-record.ts';

/** Of one batch of the state. */
export const mostOperations = 100;

/** Sessions that are not there yet, together in one batch. Throws {@link StateConflict} when one is after all. */
export async function insertRows(
  state: StateStore,
  partition: string,
  entries: readonly IndexEntry[],
): Promise<void> {
  const operations = entries.flatMap((entry): Operation[] => [
    { op: 'insert', key: entry.key, value: entry.row },
    ...entry.row.keys.map((key) => put(entry, key)),
  ]);
  await state.batch('sessions', partition, operations);
}

/**
 * A session's row and its index rows in place of those it had. At every moment the row names the index rows that there
 * are, since they change in one batch. A session with more names than a batch holds takes several, its `time|` row in
 * the last: what is cut off before it is gone on with by the next reading. Throws {@link StateConflict}.
 */
export async function writeRow(
  state: StateStore,
  partition: string,
  entry: IndexEntry,
  before: StateEntry<SessionRow> | undefined,
): Promise<void> {
  const { row, timeKey } = entry;
  const keys = new Set(before?.value.keys);
  const changes = [
    ...row.keys.filter((key) => !keys.has(key) && key !== timeKey).map((key) => put(entry, key)),
    ...[...keys].filter((key) => !row.keys.includes(key)).map(remove),
    put(entry, timeKey),
  ];
  await inSteps(state, partition, changes, keys, before, (left) => ({ ...row, keys: left }));
}

/** Takes a session's rows away, its own with the last of the others. */
export async function removeRows(
  state: StateStore,
  partition: string,
  before: StateEntry<SessionRow>,
): Promise<void> {
  const { key, etag, value } = before;
  // Its `time|` row first: as long as that is there the session counts as written.
  const changes = value.keys.toSorted((a, b) => Number(isTime(b)) - Number(isTime(a))).map(remove);
  if (changes.length < mostOperations) {
    await state.batch('sessions', partition, [{ op: 'remove', key, etag }, ...changes]);
    return;
  }
  const few = changes.splice(0, mostOperations - 1);
  await inSteps(state, partition, few, new Set(value.keys), before, (left) => ({ ...value, keys: left }));
  const rest = await state.get<SessionRow>('sessions', partition, key);
  if (rest) await removeRows(state, partition, rest);
}

async function inSteps(
  state: StateStore,
  partition: string,
  changes: readonly Operation[],
  keys: Set<string>,
  before: StateEntry<SessionRow> | undefined,
  rowWith: (keys: readonly string[]) => SessionRow,
): Promise<void> {
  let current = before;
  for (let from = 0; from < changes.length; from += mostOperations - 1) {
    const some = changes.slice(from, from + mostOperations - 1);
    for (const { op, key } of some) op === 'remove' ? keys.delete(key) : keys.add(key);
    const value = rowWith([...keys].toSorted());
    const key = current?.key ?? sessionKey(value.record.lsid);
    const own: Operation = current
      ? { op: 'update', key, value, etag: current.etag }
      : { op: 'insert', key, value };
    await state.batch('sessions', partition, [own, ...some]);
    if (from + some.length >= changes.length) return;
    current = await state.get<SessionRow>('sessions', partition, key);
    if (!current) throw new StateConflict('the row that was just written is gone');
  }
}

const isTime = (key: string): boolean => key.startsWith('time|');
const remove = (key: string): Operation => ({ op: 'remove', key });
const put = ({ timeKey, mark }: IndexEntry, key: string): Operation => ({
  op: 'put',
  key,
  value: key === timeKey ? { mark } : {},
});

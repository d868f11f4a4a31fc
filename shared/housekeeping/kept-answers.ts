import { StateConflict, type StateStore } from '../state/state-store.ts';

/** What was answered to a request that carried a key of its own (`Idempotency-Key`). */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. Absent: it was too large to be kept. */
  readonly body?: string;
}

/** One request under its key: claimed before its work is done, with the answer after it. */
export interface AnswerRow {
  /** When it was claimed. Milliseconds, our clock. */
  readonly at: number;
  /** Of what was asked for: the same key for something else is a mistake. */
  readonly asked: string;
  readonly answer?: KeptAnswer;
}

export interface Claim {
  readonly key: string;
  readonly etag: string;
  readonly row: AnswerRow;
}

const COLLECTION = 'answers';
const PARTITION = 'answers';
const DAY = 86_400_000;
/** Longer than the platform lets anybody wait for an answer: who claimed it is dead. Milliseconds. */
const CLAIM_MS = 5 * 60_000;
const PAGE = 50;

const rowKey = (key: string) => `key|${key}`;
/** By time, so that what is old is found without reading what was answered. */
const timeKey = (key: string, at: number) => `at|${new Date(at).toISOString()}|${key}`;

/**
 * Claims the work of a request, or gives the row of who claimed it first. A claim that is older than a day, or whose
 * holder died, is taken over.
 *
 * @param key hexadecimal; the same request has the same one
 */
export async function claimAnswer(
  state: StateStore,
  key: string,
  asked: string,
  now: number,
): Promise<Claim | { readonly before: AnswerRow }> {
  const row: AnswerRow = { at: now, asked };
  const before = await state.get<AnswerRow>(COLLECTION, PARTITION, rowKey(key));
  if (before && !isFree(before.value, now)) return { before: before.value };
  try {
    await state.batch(COLLECTION, PARTITION, [
      before
        ? { op: 'update', key: rowKey(key), value: row, etag: before.etag }
        : { op: 'insert', key: rowKey(key), value: row },
      ...(before ? [{ op: 'remove', key: timeKey(key, before.value.at) } as const] : []),
      { op: 'put', key: timeKey(key, now), value: {} },
    ]);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    const first = await state.get<AnswerRow>(COLLECTION, PARTITION, rowKey(key));
    // Claimed and given up in this moment: to whoever asks it is going on.
    return { before: first?.value ?? row };
  }
  const claimed = await state.get<AnswerRow>(COLLECTION, PARTITION, rowKey(key));
  if (!claimed || claimed.value.at !== now) return { before: claimed?.value ?? row };
  return { key, etag: claimed.etag, row };
}

function isFree({ at, answer }: AnswerRow, now: number): boolean {
  return now - at > (answer ? DAY : CLAIM_MS);
}

/** Whoever took the claim over meanwhile keeps it. */
export async function keepAnswer(
  state: StateStore,
  { key, etag, row }: Claim,
  answer: KeptAnswer,
): Promise<void> {
  try {
    await state.update(COLLECTION, PARTITION, rowKey(key), { ...row, answer } satisfies AnswerRow, etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

/** Nothing came of it: a repeat does the work. */
export async function dropClaim(state: StateStore, { key, etag, row }: Claim): Promise<void> {
  try {
    await state.batch(COLLECTION, PARTITION, [
      { op: 'remove', key: rowKey(key), etag },
      { op: 'remove', key: timeKey(key, row.at) },
    ]);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

/** Removes what was claimed more than a day ago. */
export async function removeAnswers(
  state: StateStore,
  now: number,
  timeIsUp: () => boolean,
): Promise<{ readonly removed: number; readonly done: boolean }> {
  const old = { from: 'at|', before: `at|${new Date(now - DAY).toISOString()}`, limit: PAGE };
  for (let removed = 0; ; ) {
    if (timeIsUp()) return { removed, done: false };
    const { entries } = await state.list(COLLECTION, PARTITION, old);
    if (entries.length === 0) return { removed, done: true };
    for (const { key: time } of entries) {
      const key = rowKey(time.slice(time.lastIndexOf('|') + 1));
      const row = await state.get<AnswerRow>(COLLECTION, PARTITION, key);
      // Claimed anew since: that one has a time of its own.
      const isOld = row !== undefined && now - row.value.at > DAY;
      try {
        await state.batch(COLLECTION, PARTITION, [
          ...(isOld ? [{ op: 'remove', key, etag: row.etag } as const] : []),
          { op: 'remove', key: time },
        ]);
        removed++;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }
}

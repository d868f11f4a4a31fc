const tails = new Map<string, Promise<unknown>>();

/**
 * Runs work on one key after the other within this process. Two connections of one process must not meet at SQLite's
 * lock: waiting there stands still with the very thread that would let it go.
 */
export async function oneAtATime<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve();
  const turn = before.then(work, work);
  tails.set(key, turn);
  try {
    return await turn;
  } finally {
    if (tails.get(key) === turn) tails.delete(key);
  }
}

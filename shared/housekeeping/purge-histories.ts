import type { Services } from '../services.ts';

/** What is used of durable-functions' DurableClient. */
export interface HistoryClient {
  purgeInstanceHistoryBy(filter: {
    createdTimeFrom: Date;
    createdTimeTo: Date;
    runtimeStatus: never;
  }): Promise<{ readonly instancesDeleted: number }>;
}

/** Up to where histories were purged. Milliseconds, our clock. */
interface Purged {
  readonly to: number;
}

const KEY = ['claims', 'housekeeping', 'histories'] as const;
const DAY = 86_400_000;
/** The engine needs no history of what has ended; people may, for a while, to see what happened. */
export const HISTORY_DAYS = 14;
/** An installation has no histories from before this. */
const FIRST = Date.UTC(2026, 0, 1);
const ended = ['Completed', 'Failed', 'Terminated'];

/**
 * Removes the histories of orchestrations that have ended, a day of them after the other, and remembers how far it came.
 * Resolves to how many, and whether all is done.
 */
export async function purgeHistories(
  { state, now }: Services,
  client: HistoryClient,
  runRemovalDays: number,
  timeIsUp: () => boolean,
): Promise<{ readonly removed: number; readonly done: boolean }> {
  const until = now() - Math.min(HISTORY_DAYS, runRemovalDays) * DAY;
  const known = (await state.get<Purged>(...KEY))?.value.to ?? FIRST;
  let removed = 0;
  // Once more the last days: what was still going when they were purged may have ended since.
  for (let from = Math.min(known, until) - HISTORY_DAYS * DAY; from < until; ) {
    if (timeIsUp()) return { removed, done: false };
    const to = Math.min(from + DAY, until);
    const { instancesDeleted } = await client.purgeInstanceHistoryBy({
      createdTimeFrom: new Date(from),
      createdTimeTo: new Date(to),
      // The package's type is an enumeration, which types alone cannot import.
      runtimeStatus: ended as never,
    });
    removed += instancesDeleted;
    from = to;
    if (to > known) await state.put(...KEY, { to } satisfies Purged);
  }
  return { removed, done: true };
}

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Services } from '../services.ts';
import type { Site } from '../settings/site.ts';
import { StateConflict, stateKey } from '../state/state-store.ts';

/**
 * A site's limits, shared by every instance without anybody counting: whoever works on the site holds one of its
 * slots, and each slot carries its share of the allowed requests as a token bucket.
 */
interface SlotRow {
  readonly holder?: string;
  /** Milliseconds, our clock. After it the holder counts as dead. */
  readonly expires: number;
  /** Requests that may be sent at once, and the instant (ms) for which that was true. */
  readonly perSecond: Bucket;
  readonly perHour: Bucket;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

const LEASE_MS = 60_000;
const RENEW_MS = 20_000;

export interface Slot {
  /** Resolves when the next request may be sent. */
  take(signal?: AbortSignal): Promise<void>;
  release(): Promise<void>;
}

/** Waits for a free slot of the site. Throws the signal's reason when it aborts first. */
export async function holdSlot(
  { state, now }: Pick<Services, 'state' | 'now'>,
  site: Site,
  signal: AbortSignal,
): Promise<Slot> {
  const holder = randomUUID();
  for (;;) {
    for (let index = 0; index < site.concurrency; index++) {
      signal.throwIfAborted();
      const key = stateKey('slot', index);
      const entry = await state.get<SlotRow>('leases', site.id, key);
      const row = entry?.value ?? fullRow(site, now());
      // An end further off than a lease is long was written by a clock that was wrong.
      const left = row.expires - now();
      if (row.holder !== undefined && left > 0 && left <= 2 * LEASE_MS) continue;
      try {
        const held = { ...row, holder, expires: now() + LEASE_MS };
        const etag = entry
          ? await state.update('leases', site.id, key, held, entry.etag)
          : await state.insert('leases', site.id, key, held);
        return heldSlot({ state, now }, site, key, held, etag);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
    await pause(50 + Math.random() * 200, undefined, { signal });
  }
}

/** Frees a site's slots, whoever held them: only where every holder is known to be dead. Buckets stay as they are. */
export async function freeSlots(state: Services['state'], siteId: string): Promise<void> {
  const { entries } = await state.list<SlotRow>('leases', siteId, { from: 'slot|', before: 'slot~' });
  for (const { key, etag, value } of entries) {
    if (value.holder === undefined) continue;
    const { holder: _dead, ...rest } = value;
    await state.update('leases', siteId, key, { ...rest, expires: 0 }, etag);
  }
}

function heldSlot(
  { state, now }: Pick<Services, 'state' | 'now'>,
  site: Site,
  key: string,
  first: SlotRow,
  firstEtag: string,
): Slot {
  let row = first;
  let etag = firstEtag;
  // Writes of one holder follow each other: the ETag of one is what the next is made under.
  let writing: Promise<void> = Promise.resolve();
  const save = (change: Partial<SlotRow>): Promise<void> => {
    writing = writing.then(async () => {
      const { holder: _holder, ...rest } = row;
      const next = change.expires === 0 ? { ...rest, ...change } : { ...row, ...change };
      try {
        etag = await state.update('leases', site.id, key, next, etag);
      } catch (error) {
        // It had expired and somebody else took it. The limit is exceeded for a moment, nothing is lost.
        if (!(error instanceof StateConflict)) throw error;
      }
    });
    return writing;
  };
  const renewal = setInterval(() => {
    save({ expires: now() + LEASE_MS }).catch(() => {
      // A renewal that fails shows itself as an expired lease; the release, which is awaited, reports a broken store.
      writing = Promise.resolve();
    });
  }, RENEW_MS);
  renewal.unref();
  return {
    async take(signal) {
      const share = {
        second: site.requestsPerSecond / site.concurrency,
        hour: site.requestsPerHour / site.concurrency,
      };
      const second = spend(row.perSecond, Math.max(1, share.second), share.second / 1000, now());
      const hour = spend(row.perHour, Math.max(1, share.hour), share.hour / 3_600_000, now());
      row = { ...row, perSecond: second.bucket, perHour: hour.bucket };
      const wait = Math.max(second.wait, hour.wait);
      if (wait > 0) await pause(wait, undefined, signal ? { signal } : {});
    },
    async release() {
      clearInterval(renewal);
      await save({ expires: 0 });
    },
  };
}

function fullRow(site: Site, at: number): SlotRow {
  return {
    expires: 0,
    perSecond: { tokens: Math.max(1, site.requestsPerSecond / site.concurrency), at },
    perHour: { tokens: Math.max(1, site.requestsPerHour / site.concurrency), at },
  };
}

/** Takes one token, which may lie in the future: then `wait` says how many milliseconds off it is. */
function spend(bucket: Bucket, size: number, perMs: number, at: number): { bucket: Bucket; wait: number } {
  const passed = Math.max(0, at - bucket.at);
  const tokens = Math.min(size, bucket.tokens + passed * perMs) - 1;
  return {
    bucket: { tokens, at },
    wait: tokens >= 0 ? 0 : Math.ceil(-tokens / perMs),
  };
}

import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import { siteIn } from '../settings/named-item.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { Site } from '../settings/site.ts';
import { holdSlot, type Slot } from '../transfer/slots.ts';

/** Whoever asks waits for the answer: when all slots are taken by transfers, they are told so. Milliseconds. */
const LONGEST_WAIT = 60_000;
/** The platform gives up an answer after 230 s. Milliseconds. */
const LONGEST_CALL = 150_000;

/** Throws `Failure` `unknown-site`. */
export async function siteNamed({ state }: Services, id: string): Promise<Site> {
  return siteIn((await loadSettings(state)).settings, id);
}

/**
 * Asks the site's appliance within the site's limits, as transfers do. Throws transient `site-busy` where they left no
 * room within a minute: nothing was sent.
 */
export async function askSite<T>(
  services: Services,
  site: Site,
  ask: (signal: AbortSignal) => Promise<T>,
  longestWait = LONGEST_WAIT,
): Promise<T> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(busy(site, longestWait)), longestWait);
  let slot: Slot | undefined;
  try {
    try {
      slot = await holdSlot(services, site, waiting.signal);
      await slot.take(waiting.signal);
    } catch (error) {
      // A wait that is cut off throws an error of its own.
      throw waiting.signal.aborted ? waiting.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
    return await ask(AbortSignal.timeout(LONGEST_CALL));
  } finally {
    await slot?.release();
  }
}

function busy({ name, concurrency }: Site, waited: number): Failure {
  return new Failure(
    'transient',
    'site-busy',
    `Site "${name}": its limits left no room for a request within ${waited / 1000} seconds (${concurrency} at once, and so many a second and an hour). Nothing was sent; ask again later, or raise the limits of the site.`,
  );
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { SecretStore } from '../settings/secrets.ts';
import type { Site } from '../settings/site.ts';

/** Shorter ones could be found by trying. */
const LEAST_CHARACTERS = 16;
const MOST_CHARACTERS = 200;

export interface SitesOfSecret {
  readonly sites: readonly Site[];
  /** A secret could not be read: it cannot be known whether it is that site's. */
  readonly unknown: boolean;
}

/**
 * The sites whose secret stands in an address that an appliance posts to. All are looked at whatever comes first, and
 * compared in constant time.
 * @param named the name of a site's secret for this kind of address
 * @param what for the log: `events`
 */
export async function sitesOfSecret(
  { secrets, log }: { readonly secrets: SecretStore; readonly log: Log },
  candidates: readonly Site[],
  given: string,
  named: (site: Site) => string | undefined,
  what: string,
): Promise<SitesOfSecret> {
  const sites: Site[] = [];
  let unknown = false;
  const hash = digest(given.slice(0, MOST_CHARACTERS));
  for (const site of candidates) {
    const name = named(site);
    if (name === undefined) continue;
    try {
      const secret = await secrets.get(name);
      if (secret.length < LEAST_CHARACTERS || secret.length > MOST_CHARACTERS)
        log.warn(
          `The secret for ${what} has less than ${LEAST_CHARACTERS} characters, or too many: it is not used`,
          { site: site.id },
        );
      else if (timingSafeEqual(hash, digest(secret)) && given.length <= MOST_CHARACTERS) sites.push(site);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code !== 'secret-missing') unknown = true;
      log.warn(`The secret for ${what} cannot be read`, { site: site.id, code: error.code });
    }
  }
  return { sites, unknown };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

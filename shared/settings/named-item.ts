import { Failure } from '../errors.ts';
import type { DestinationSetting } from './destination.ts';
import type { Site } from './site.ts';

/** An id may be anything that somebody sent. */
const shown = (id: string): string => id.slice(0, 40);

/** Throws `Failure` `unknown-site`. */
export function siteIn({ sites }: { readonly sites: readonly Site[] }, id: string): Site {
  const site = sites.find((candidate) => candidate.id === id);
  if (site) return site;
  throw new Failure('terminal', 'unknown-site', `There is no site "${shown(id)}" in the settings.`);
}

/** Throws `Failure` `unknown-destination`. */
export function destinationIn(
  { destinations }: { readonly destinations: readonly DestinationSetting[] },
  id: string,
): DestinationSetting {
  const destination = destinations.find((candidate) => candidate.id === id);
  if (destination) return destination;
  throw new Failure(
    'terminal',
    'unknown-destination',
    `There is no destination "${shown(id)}" in the settings.`,
  );
}

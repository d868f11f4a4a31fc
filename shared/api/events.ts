import { createHash, timingSafeEqual } from 'node:crypto';
import { Failure } from '../errors.ts';
import { withLogFields } from '../log.ts';
import { queueEvent } from '../runs/session-events.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { Site } from '../settings/site.ts';

/** Shorter ones could be found by trying. */
const LEAST_CHARACTERS = 16;
const MOST_CHARACTERS = 200;

/** Appliances post some hundred bytes; what is longer is none of theirs. Bytes. */
export const MOST_EVENT_BYTES = 64 * 1024;

export interface PostedEvent {
  /** From the address. */
  readonly secret: string;
  /** The body as text, cut after `MOST_EVENT_BYTES`. Asked for once it is known who sends it. */
  body(): Promise<string>;
}

/**
 * Takes one outbound event of an appliance: form-encoded, with event, version, timestamp, lsid, external_key and more
 * (facts: bomgar.com outbound events). 404: no site has this secret. 200: everything else, since an appliance that is
 * answered anything else keeps the event, asks again, and holds all later ones back; what starts a pull is durable by
 * then. 503: it cannot be known whose it is, or it cannot be kept; the appliance shall ask again.
 */
export function takeEvent(services: Services, posted: PostedEvent): Promise<200 | 404 | 503> {
  return withLogFields({ log: 'service' }, async () => {
    const { settings } = await loadSettings(services.state);
    const { sites, unknown } = await sitesOf(services, settings.sites, posted.secret);
    if (sites.length === 0) return unknown ? 503 : 404;
    const { log } = services;
    const fields = fieldsOf(await posted.body());
    const event = fields.get('event') ?? '';
    const lsid = (fields.get('lsid') ?? '').toLowerCase();
    const isLsid = /^[0-9a-f]{32}$/.test(lsid);
    const names = { event: event.slice(0, 100), site: sites.map(({ id }) => id).join() };
    if (!/^\w{1,90}_conference_end$/.test(event)) log.debug('Event not needed', names);
    else if (!isLsid) log.warn('An event of an ended session names none', names);
    else {
      for (const { id } of sites) await queueEvent(services.state, { siteId: id, lsid }, services.now());
      log.info('A session has ended', { ...names, item: lsid });
    }
    return 200;
  });
}

/** The sites with this secret. All are looked at whatever comes first, and compared in constant time. */
async function sitesOf(
  { secrets, log }: Services,
  candidates: readonly Site[],
  given: string,
): Promise<{ readonly sites: readonly Site[]; readonly unknown: boolean }> {
  const sites: Site[] = [];
  let unknown = false;
  const hash = digest(given.slice(0, MOST_CHARACTERS));
  for (const site of candidates) {
    if (site.eventSecret === undefined) continue;
    try {
      const secret = await secrets.get(site.eventSecret);
      if (secret.length < LEAST_CHARACTERS || secret.length > MOST_CHARACTERS)
        log.warn(
          `The secret for events has less than ${LEAST_CHARACTERS} characters, or too many: it is not used`,
          {
            site: site.id,
          },
        );
      else if (timingSafeEqual(hash, digest(secret)) && given.length <= MOST_CHARACTERS) sites.push(site);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code !== 'secret-missing') unknown = true;
      log.warn('The secret for events cannot be read', { site: site.id, code: error.code });
    }
  }
  return { sites, unknown };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whatever was sent: a form, as appliances send it, or an object of JSON. Nothing is refused. */
function fieldsOf(body: string): Map<string, string> {
  if (body.trimStart().startsWith('{')) {
    try {
      const fields = Object.entries(JSON.parse(body) as Record<string, unknown>);
      return new Map(fields.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
    } catch {
      // Then it is read as a form, which anything can be.
    }
  }
  return new Map(new URLSearchParams(body));
}

import { sitesOfSecret } from '../access/address-secret.ts';
import { withLogFields } from '../log.ts';
import { queueEvent } from '../runs/session-events.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';

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
    const { sites, unknown } = await sitesOfSecret(
      services,
      settings.sites,
      posted.secret,
      ({ eventSecret }) => eventSecret,
      'events',
    );
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

import { sitesOfSecret } from '../access/address-secret.ts';
import { withLogFields } from '../log.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { Site } from '../settings/site.ts';
import type { TicketApproval } from '../settings/ticket-approval.ts';
import type { Asker } from './audit-ticket.ts';
import { decide } from './decide.ts';
import { type PostedRequest, readPostedRequest } from './posted-request.ts';
import { ticketKeys } from './ticket-keys.ts';
import { keepTicket, type TicketRequest } from './ticket-request.ts';

/** Appliances post a few hundred bytes; what is longer is none of theirs. */
export const MOST_REQUEST_BYTES = 64 * 1024;

export interface PostedTicket {
  /** From the address. */
  readonly secret: string;
  /** The body as text, cut after one byte more than there may be. Asked for once it is known who sends it. */
  body(): Promise<string>;
}

export interface TakenTicket {
  readonly status: 200 | 400 | 404 | 413 | 503;
  /** To be worked on, after the appliance was answered. */
  readonly id?: string;
}

const MINUTE = 60_000;

/**
 * Takes an appliance's request for the approval of a ticket. 200: it is kept, with what the rules decide, or was there
 * already: the decision is sent later, since the appliance expects it so (API guide, appendix). 404: no site has this
 * secret. 400, 413: it is no such request. 503: it cannot be known whose it is, or there is no key to keep it with.
 */
export function takeTicketRequest(services: Services, posted: PostedTicket): Promise<TakenTicket> {
  return withLogFields({ log: 'service' }, async (): Promise<TakenTicket> => {
    const { secrets, state, log } = services;
    const { settings } = await loadSettings(state);
    const approval = settings.application.ticketApproval;
    const named = ({ ticketSecret }: Site) => ticketSecret;
    const { sites, unknown } = await sitesOfSecret(
      { secrets, log },
      settings.sites,
      posted.secret,
      named,
      'ticket requests',
    );
    const [site, other] = sites;
    if (!site || !approval) return { status: unknown ? 503 : 404 };
    if (other) {
      log.warn('Two sites have the same secret for ticket requests: it is not used', {
        site: site.id,
        other: other.id,
      });
      return { status: 404 };
    }
    const body = await posted.body();
    if (Buffer.byteLength(body) > MOST_REQUEST_BYTES) return { status: 413 };
    const request = readPostedRequest(body);
    if (!request) {
      log.warn('What was posted as a ticket request is none', { site: site.id });
      return { status: 400 };
    }
    return { status: 200, id: await keep(services, approval, site, request) };
  });
}

/** The same request posted again is one. Resolves to its id. */
async function keep(
  { secrets, state, log, now }: Services,
  approval: TicketApproval,
  site: Site,
  posted: PostedRequest,
): Promise<string> {
  const keys = await ticketKeys(secrets, approval);
  const receivedAt = now();
  const { requestId, ticketId, fields } = posted;
  const id = keys.hash('request', site.id, requestId);
  const { decision, rule, message, custom } = decide(approval, site.id, posted, receivedAt);
  const isForwarded = decision === 'forward';
  const request: TicketRequest = {
    siteId: site.id,
    ticketHash: keys.hash('ticket', ticketId),
    state: isForwarded ? 'forward' : 'answer',
    receivedAt,
    decideBy: receivedAt + approval.waitMinutes * MINUTE,
    nextAt: receivedAt,
    tries: 0,
    ...(isForwarded
      ? {}
      : { decision: { response: decision, by: rule === undefined ? 'otherwise' : `rule ${rule}` } }),
    // The ticket ID is kept only where somebody else is to decide.
    sealed: keys.seal(id, {
      requestId,
      asker: askerIn(fields),
      ...(isForwarded ? { ticketId, fields } : {}),
      ...(message === undefined ? {} : { message }),
      ...(custom === undefined ? {} : { custom }),
    }),
  };
  const isNew = await keepTicket(state, id, request);
  log.info(isNew ? 'A ticket request was received' : 'A ticket request came again', {
    site: site.id,
    ticketRequest: id,
    ticketHash: request.ticketHash,
  });
  return id;
}

function askerIn(fields: PostedRequest['fields']): Asker {
  const { 'user.username': user, 'jump_item.computer_name': jumpItem } = fields;
  return { ...(user === undefined ? {} : { user }), ...(jumpItem === undefined ? {} : { jumpItem }) };
}

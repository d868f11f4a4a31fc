import { appendAudit } from '../access/audit-log.ts';
import type { Principal } from '../access/roles.ts';
import type { Services } from '../services.ts';
import type { TicketRequest } from './ticket-request.ts';

/** Nobody of the API: rules, the ticket system, or time. Who answered by hand stands in `by`, and in an entry of their own. */
const decider: Principal = { id: 'ticket-approval', name: 'Ticket approval', roles: [] };

/** Who wants to get where, for the audit log alone. */
export interface Asker {
  readonly user?: string;
  readonly jumpItem?: string;
}

/**
 * Enters what was decided, before the appliance is told, and what came of it: with the hash of the ticket ID, never the ID.
 * Durable when it resolves. Throws `Failure` `audit-unavailable`: then the appliance must not be told.
 */
export async function auditTicket(
  services: Services,
  what: 'decided' | 'settled',
  id: string,
  { siteId, ticketHash, decision, outcome, failure }: TicketRequest,
  { user, jumpItem }: Asker = {},
): Promise<void> {
  const known = {
    site: siteId,
    ticketRequest: id,
    ticketHash,
    response: decision?.response,
    by: decision?.by,
  };
  const target = { ...known, user, jumpItem, outcome };
  await appendAudit(services, {
    principal: decider,
    operation: what === 'decided' ? 'decideTicketRequest' : 'settleTicketRequest',
    kind: 'change',
    outcome: what === 'settled' && outcome !== 'answered' ? 'failed' : 'done',
    target: Object.fromEntries(
      Object.entries(target).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ),
    ...(what === 'settled' && failure ? { code: failure.code } : {}),
  });
  const message = what === 'decided' ? 'A ticket request was decided' : 'A ticket request is settled';
  services.log.info(message, { ...known, outcome });
}

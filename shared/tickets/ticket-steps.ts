import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Site } from '../settings/site.ts';
import type { TicketApproval } from '../settings/ticket-approval.ts';
import { auditTicket } from './audit-ticket.ts';
import { outcomeOf, settle, wasNotSent } from './settle-ticket.ts';
import { type Sealed, type TicketKeys, ticketKeys } from './ticket-keys.ts';
import { changeTicket, type TicketEntry } from './ticket-request.ts';
import { askTicketSystem, type TicketAnswer } from './ticket-system.ts';

/** One attempt takes no longer. Milliseconds. */
export const ATTEMPT = 30_000;

/** What a step has at hand. */
export interface Desk {
  readonly services: Services;
  readonly site: Site;
  readonly approval: TicketApproval;
  readonly id: string;
}

/** The key as it is now, or as the store had it before it was asked anew. */
async function opened(
  { services, approval, id }: Desk,
  { value }: TicketEntry,
): Promise<{ readonly keys: TicketKeys; readonly sealed: Sealed }> {
  const keys = await ticketKeys(services.secrets, approval);
  try {
    return { keys, sealed: keys.open(id, value.sealed ?? '') };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const fresh = await ticketKeys(services.secrets, approval, keys.value);
    return { keys: fresh, sealed: fresh.open(id, value.sealed ?? '') };
  }
}

/** Asks the ticket system. */
export async function forward(desk: Desk, claimed: TicketEntry): Promise<void> {
  const { services, approval, site, id } = desk;
  const { receivedAt, decideBy } = claimed.value;
  const { keys, sealed } = await opened(desk, claimed);
  const given = await askTicketSystem(services, approval, {
    id,
    site,
    sealed,
    receivedAt,
    answerBy: decideBy,
  });
  if (given) {
    await decideTicket(desk, claimed, given, 'ticket system');
    return;
  }
  services.log.info('A ticket request was forwarded', { site: site.id, ticketRequest: id });
  await changeTicket(services.state, claimed, {
    ...claimed.value,
    state: 'wait',
    tries: 0,
    nextAt: decideBy,
    // The ticket system has the rest.
    sealed: keys.seal(id, { requestId: sealed.requestId, asker: sealed.asker }),
  });
}

/** False: somebody else changed the request meanwhile. */
export async function decideTicket(
  desk: Desk,
  entry: TicketEntry,
  { response, message, custom }: TicketAnswer,
  by: string,
): Promise<boolean> {
  const { services, id } = desk;
  const { keys, sealed } = await opened(desk, entry);
  const { requestId, asker } = sealed;
  const changed = await changeTicket(services.state, entry, {
    ...entry.value,
    state: 'answer',
    tries: 0,
    nextAt: services.now(),
    decision: { response, by },
    sealed: keys.seal(id, {
      requestId,
      asker,
      ...(message === undefined ? {} : { message }),
      ...(custom === undefined ? {} : { custom }),
    }),
  });
  return changed !== undefined;
}

/** Tells the appliance. */
export async function answer(desk: Desk, claimed: TicketEntry): Promise<void> {
  const { services, site, id } = desk;
  const { sealed } = await opened(desk, claimed);
  const { decision } = claimed.value;
  if (!decision) throw new Error('a ticket request without a decision is to be answered');
  if (!claimed.value.isAudited) await auditTicket(services, 'decided', id, claimed.value, sealed.asker);
  const sending = await changeTicket(services.state, claimed, {
    ...claimed.value,
    isAudited: true,
    isUnsure: true,
  });
  if (!sending) return;
  const { requestId, message, custom } = sealed;
  try {
    await services.commands(site).approve(
      {
        response_id: requestId,
        response: decision.response,
        ...(message === undefined ? {} : { message }),
        ...(custom === undefined ? {} : { custom }),
      },
      { signal: AbortSignal.timeout(ATTEMPT) },
    );
  } catch (error) {
    const outcome = outcomeOf(error, claimed.value.isUnsure === true);
    if (!outcome) {
      if (!wasNotSent(error)) throw error;
      const { isUnsure: _known, ...before } = sending.value;
      const unsure = claimed.value.isUnsure ? { isUnsure: true as const } : {};
      await changeTicket(services.state, sending, { ...before, ...unsure });
      throw error;
    }
    return settle(services, id, sending, outcome, error as Failure);
  }
  await settle(services, id, sending, 'answered');
}

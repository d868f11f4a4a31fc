import { Failure, reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import { auditTicket } from './audit-ticket.ts';
import { noteTrouble } from './note-trouble.ts';
import {
  changeTicket,
  leaveTicket,
  type TicketEntry,
  type TicketOutcome,
  type TicketRequest,
} from './ticket-request.ts';

/** What the appliance's refusal means; `undefined`: it is to be tried again. */
export function outcomeOf(error: unknown, wasUnsure: boolean): TicketOutcome | undefined {
  if (!(error instanceof Failure)) return undefined;
  switch (error.code) {
    case 'approval-not-valid':
      return wasUnsure ? 'perhaps-answered' : 'too-late';
    case 'outcome-unknown':
      return 'perhaps-answered';
    case 'no-ticket-system':
    case 'not-of-this-product':
      return 'no-ticket-system';
    default:
      return undefined;
  }
}

/** No connection was there, so nothing can have been taken. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof Failure && ['unreachable', 'certificate', 'bad-host'].includes(error.code);
}

/** Nothing is left to be done: what was kept of the request goes. */
export async function settle(
  services: Services,
  id: string,
  entry: TicketEntry,
  outcome: TicketOutcome,
  failure?: Failure,
): Promise<void> {
  const { state, now } = services;
  const { sealed: _gone, isUnsure: _known, failure: last, ...rest } = entry.value;
  const report = failure ? reportFailure(failure) : outcome === 'answered' ? undefined : last;
  const settled: TicketRequest = {
    ...rest,
    state: 'settled',
    outcome,
    settledAt: now(),
    ...(report ? { failure: report } : {}),
  };
  // Before it is settled: who dies in between does it again.
  await auditTicket(services, 'settled', id, settled);
  if (!(await changeTicket(state, entry, settled))) return;
  await leaveTicket(state, id);
  await noteTrouble(services, settled);
}

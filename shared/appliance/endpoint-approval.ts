import { z } from 'zod';
import { Failure } from '../errors.ts';
import { type RetryOptions, withRetry } from '../retry.ts';
import { checkParameters } from './command-api/check-parameters.ts';
import { anyText, customAttributes, oneOf, text } from './command-api/parameters.ts';
import { toWire } from './command-api/wire.ts';
import { statusFailure } from './error-reply.ts';
import { formBody, type Transport } from './transport.ts';

const WHAT = 'the answer to a ticket approval';

/** The answer to an appliance's request for approval (API guide, appendix). */
export const approvalSchema = z.strictObject({
  response_id: text('request_id of the request, as it came.', { most: 255 }),
  response: oneOf('The decision.', ['allow', 'deny']),
  message: anyText('Shown to the user who is denied.', { most: 255 }).optional(),
  custom: customAttributes.optional(),
});

export type Approval = z.input<typeof approvalSchema>;

/**
 * Posts to `/api/endpoint_approval` of the configured site, never to an address from the request. It takes no token: the id is
 * the credential, and stands in no message. Throws terminal `bad-parameter`; terminal `no-ticket-system` (404: no Ticket
 * System URL is configured); item `approval-not-valid` (403: the id is unknown or has timed out); item `outcome-unknown` (403
 * after an attempt whose answer was lost: that one may have been taken).
 */
export async function sendApproval(
  transport: Transport,
  approval: Approval,
  retry: RetryOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const body = formBody(toWire(checkParameters(WHAT, approvalSchema, approval)));
  const { where } = transport;
  let lost = false;
  await withRetry(async () => {
    try {
      const { signal } = retry;
      const reply = await transport.send({ what: WHAT, path: '/api/endpoint_approval', body, signal });
      if (reply.status >= 200 && reply.status < 300) return reply.body.drop();
      if (reply.status !== 403 && reply.status !== 404) throw await statusFailure(reply, where, WHAT);
      reply.body.drop();
      throw reply.status === 404 ? noTicketSystem(where) : notValid(where, lost);
    } catch (error) {
      if (error instanceof Failure && error.kind === 'transient' && error.code !== 'too-many-requests')
        lost = true;
      throw error;
    }
  }, retry);
}

function noTicketSystem(where: string): Failure {
  const message = `${where} has no ticket system: enter its URL at /login > Jump > Jump Policies.`;
  return new Failure('terminal', 'no-ticket-system', message);
}

function notValid(where: string, lost: boolean): Failure {
  return lost
    ? new Failure(
        'item',
        'outcome-unknown',
        `${where} does not know this approval request any more: an answer that was lost on the way may have been taken.`,
      )
    : new Failure(
        'item',
        'approval-not-valid',
        `${where} refused ${WHAT}: the request is not known or has timed out.`,
      );
}

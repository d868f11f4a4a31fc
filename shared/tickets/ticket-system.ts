import { z } from 'zod';
import { anyText, customAttributes } from '../appliance/command-api/parameters.ts';
import { Failure } from '../errors.ts';
import { postSigned } from '../notifications/signed-post.ts';
import type { Services } from '../services.ts';
import type { Site } from '../settings/site.ts';
import type { TicketApproval } from '../settings/ticket-approval.ts';
import type { Sealed } from './ticket-keys.ts';

/** What somebody answers: at once, later, or by hand. */
export const answerSchema = z
  .strictObject({
    response: z.enum(['allow', 'deny']).meta({ description: 'The decision.' }),
    message: anyText('Shown to the user who is denied.', { most: 255 }).optional(),
    custom: customAttributes.optional(),
  })
  .refine(({ response, message }) => message === undefined || response === 'deny', {
    path: ['message'],
    error: 'only who is denied is shown a message',
  })
  .refine(({ response, custom }) => custom === undefined || response === 'allow', {
    path: ['custom'],
    error: 'only a session that is allowed has custom fields',
  });

export type TicketAnswer = z.infer<typeof answerSchema>;

/** A person waits. Milliseconds. */
const TIMEOUT = 10_000;
const MOST_BYTES = 16 * 1024;

/**
 * Posts a request to the ticket system: `{id, receivedAt, answerBy, site, ticketId, jumpItem, user}`, signed. Resolves to its
 * answer, or to `undefined` where it answers later (an empty body, or JSON without `response`). Throws `Failure`, which has
 * no word of what was sent or answered.
 */
export async function askTicketSystem(
  { secrets, now }: Pick<Services, 'secrets' | 'now'>,
  { ticketSystem }: TicketApproval,
  asked: {
    readonly id: string;
    readonly site: Site;
    readonly sealed: Sealed;
    readonly receivedAt: number;
    readonly answerBy: number;
  },
): Promise<TicketAnswer | undefined> {
  if (!ticketSystem)
    throw new Failure('terminal', 'no-ticket-url', 'The settings name no ticket system to forward to.');
  const { id, site, sealed, receivedAt, answerBy } = asked;
  const body = JSON.stringify({
    id,
    receivedAt: new Date(receivedAt).toISOString(),
    answerBy: new Date(answerBy).toISOString(),
    site: { id: site.id, name: site.name },
    ticketId: sealed.ticketId ?? '',
    jumpItem: under('jump_item.', sealed.fields),
    user: under('user.', sealed.fields),
  });
  const reply = await postSigned(ticketSystem, secrets, {
    receiver: 'The ticket system',
    id,
    body,
    now: now(),
    timeout: TIMEOUT,
    mostBytes: MOST_BYTES,
    isConfidential: true,
  });
  return answerIn(reply.text);
}

function under(prefix: string, fields: Sealed['fields'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function answerIn(text: string): TicketAnswer | undefined {
  if (text.trim() === '') return undefined;
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw notUnderstood('it is not JSON', error);
  }
  if (typeof given !== 'object' || given === null || !('response' in given)) return undefined;
  const result = answerSchema.safeParse(given);
  if (result.success) return result.data;
  throw notUnderstood(
    [...new Set(result.error.issues.map(({ path }) => path.join('.') || 'unknown fields'))].join(', '),
  );
}

function notUnderstood(why: string, cause?: unknown): Failure {
  return new Failure(
    'transient',
    'ticket-answer-malformed',
    `The ticket system's answer cannot be used (${why.slice(0, 200)}): {"response": "allow" or "deny", "message", "custom"}, or nothing to answer later.`,
    cause === undefined ? {} : { cause },
  );
}

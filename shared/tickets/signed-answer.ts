import { timingSafeEqual } from 'node:crypto';
import { Failure } from '../errors.ts';
import { sign } from '../notifications/signed-post.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { answerTicket } from './answer-ticket.ts';
import type { TicketRequest } from './ticket-request.ts';
import { answerSchema } from './ticket-system.ts';

export const MOST_ANSWER_BYTES = 16 * 1024;
/** How far the clocks may differ, and how long an answer may be under way. Seconds. */
const MOST_AGE = 300;

export interface SignedAnswer {
  /** From the address. */
  readonly id: string;
  readonly headers: { get(name: string): string | null };
  body(): Promise<string>;
}

/**
 * Takes the later answer of the ticket system: signed as it was asked, with the request's id as `webhook-id`, so that no
 * answer can be used for another request. Throws terminal `unauthenticated` (one error for everything that is wrong with
 * the signature), `bad-request`, and what answerTicket throws.
 */
export async function takeSignedAnswer(
  services: Services,
  { id, headers, body }: SignedAnswer,
): Promise<TicketRequest> {
  const { settings } = await loadSettings(services.state);
  const name = settings.application.ticketApproval?.ticketSystem?.signingSecret;
  if (name === undefined) throw unauthenticated();
  const sentAt = Number(headers.get('webhook-timestamp') ?? Number.NaN);
  const age = Math.abs(services.now() / 1000 - sentAt);
  const signatures = (headers.get('webhook-signature') ?? '').split(' ').slice(0, 10);
  if (headers.get('webhook-id') !== id || !(age <= MOST_AGE)) throw unauthenticated();
  const text = await body();
  if (Buffer.byteLength(text) > MOST_ANSWER_BYTES)
    throw new Failure('terminal', 'body-too-large', `Body: at most ${MOST_ANSWER_BYTES} bytes.`);
  const secret = await services.secrets.get(name);
  const wanted = `v1,${sign(secret, `${id}.${headers.get('webhook-timestamp')}.${text}`)}`;
  if (!signatures.some((signature) => isSame(signature, wanted))) throw unauthenticated();
  return answerTicket(services, id, answerIn(text), 'ticket system');
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function answerIn(text: string) {
  try {
    const result = answerSchema.safeParse(JSON.parse(text));
    if (result.success) return result.data;
    const fields = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
    throw new Failure('terminal', 'bad-request', `Body: ${fields.slice(0, 5).join('; ')}.`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('terminal', 'bad-request', 'The body is not JSON.');
  }
}

function unauthenticated(): Failure {
  return new Failure(
    'terminal',
    'unauthenticated',
    'Sign the answer as the request was signed: webhook-id is the id in the address, webhook-timestamp the time now.',
  );
}

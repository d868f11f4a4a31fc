import { createHash, createHmac } from 'node:crypto';
import type { Context } from 'hono';
import { Failure, reportFailure } from '../errors.ts';
import {
  type Claim,
  claimAnswer,
  dropClaim,
  type KeptAnswer,
  keepAnswer,
} from '../housekeeping/kept-answers.ts';
import type { ApiEnvironment } from './environment.ts';
import { isIdempotent, type Operation } from './operation.ts';
import { badRequest, problemOf, problemResponse } from './problem.ts';

const HEADER = 'Idempotency-Key';
/** A document of the state has 460,800 characters; base64 makes four of three. */
const MOST_BYTES = 300_000;
const keptHeaders = ['content-type', 'content-disposition', 'location', 'etag'];

/**
 * Does the work of a request once for each `Idempotency-Key`: who repeats it gets the first answer, with
 * `Idempotency-Replayed: true`. Throws `key-used` (422) where something else was asked for under the key, and
 * `first-still-going` (409). An answer of 500 and more is not kept: the repeat tries again.
 *
 * @param bytes of the body
 */
export async function withIdempotency(
  context: Context<ApiEnvironment>,
  operation: Operation,
  bytes: Uint8Array,
  work: () => Response | Promise<Response>,
): Promise<Response> {
  const given = context.req.header(HEADER);
  if (given === undefined || !isIdempotent(operation)) return work();
  if (!/^[\x21-\x7e]{1,255}$/.test(given)) {
    const message = 'has 1 to 255 letters, digits or signs, and no blank';
    throw badRequest(`${HEADER}: ${message}.`, [{ field: HEADER, message }]);
  }
  const { state, now } = context.env.services;
  const claim = await claimAnswer(
    state,
    keyOf(context, operation, given),
    askedOf(context, given, bytes),
    now(),
  );
  if ('before' in claim) return repeat(claim.before, askedOf(context, given, bytes));
  return first(context, claim, work);
}

async function first(
  context: Context<ApiEnvironment>,
  claim: Claim,
  work: () => Response | Promise<Response>,
): Promise<Response> {
  const { state } = context.env.services;
  let answer: Response;
  try {
    answer = await work();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      await noted(context, dropClaim(state, claim));
      throw error;
    }
    answer = problemResponse(problem);
  }
  if (answer.status >= 500) {
    await noted(context, dropClaim(state, claim));
    return answer;
  }
  const bytes = new Uint8Array(await answer.clone().arrayBuffer());
  const kept = keepAnswer(state, claim, {
    status: answer.status,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => keptHeaders.includes(name))),
    ...(bytes.length > MOST_BYTES ? {} : { body: Buffer.from(bytes).toString('base64') }),
  });
  await noted(context, kept);
  return answer;
}

/** The work was done, or failed, whatever becomes of its row: whoever asked is told of the work. */
async function noted(context: Context<ApiEnvironment>, saving: Promise<void>): Promise<void> {
  try {
    await saving;
  } catch (error) {
    const { code, message } = reportFailure(error);
    context.env.services.log.error('What came of a request could not be kept for its repeats', {
      code,
      message,
    });
  }
}

function repeat(
  { asked: before, answer }: { readonly asked: string; readonly answer?: KeptAnswer },
  asked: string,
): Response {
  if (before !== asked)
    throw new Failure(
      'terminal',
      'key-used',
      `${HEADER}: something else was asked for under this key; give every request a key of its own, and repeat it as it was.`,
    );
  if (!answer)
    throw new Failure(
      'transient',
      'first-still-going',
      `${HEADER}: the first request with this key is still going on; ask again in some seconds. If it was cut off, the key is free after five minutes.`,
    );
  const { status, headers, body } = answer;
  if (body === undefined)
    throw new Failure(
      'terminal',
      'answer-not-kept',
      `${HEADER}: the request was done, with status ${status}; its answer was too large to be kept.`,
    );
  const bytes = Buffer.from(body, 'base64');
  return new Response(bytes.length === 0 ? null : bytes, {
    status,
    headers: { ...headers, 'Idempotency-Replayed': 'true' },
  });
}

/** The same text of another person, or for another operation, is another key. */
function keyOf(context: Context<ApiEnvironment>, { id }: Operation, given: string): string {
  const principal = context.get('principal')?.id ?? '';
  return createHash('sha256')
    .update(JSON.stringify([principal, id, given]))
    .digest('hex');
}

/** Under the key, which is kept nowhere: from the hash alone nobody finds out what was in a body. */
function askedOf(context: Context<ApiEnvironment>, given: string, bytes: Uint8Array): string {
  const { pathname, search } = new URL(context.req.url);
  return createHmac('sha256', given).update(`${pathname}${search}\n`).update(bytes).digest('hex');
}

import { Failure } from '../errors.ts';
import type { Product } from './appliance.ts';
import { saysNothingFound } from './error-document.ts';
import { listingQuestion, type ReportQuestion } from './report-questions.ts';
import type { ReportAnswer, Reporting } from './reporting.ts';

export interface ProbeResult {
  readonly product: Product;
  /** Unix seconds from the Date header. */
  readonly now: number;
}

const SECOND_OF_1970 = { by: 'end_time', from: 1, to: 2 } as const;

/**
 * Finds product and clock through the reporting API, for an account that may not use the command API: each product knows
 * its own listing report only. In a language whose texts are not known, the answer to a report that no product has shows
 * which of the two is refused.
 * @param configured the product of the settings, which is then not asked for
 */
export async function probeProduct(
  reporting: Reporting,
  configured: Product | undefined,
  where: string,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const clock: { now?: number } = {};
  let refusal: Failure | undefined;
  const ask = async (question: ReportQuestion): Promise<ReportAnswer | undefined> => {
    try {
      const answer = await reporting.ask(question, signal);
      if (answer.kind === 'rows') answer.body.drop();
      if (answer.now !== undefined) clock.now = answer.now;
      return answer;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'no-permission') throw error;
      refusal = error;
      return undefined;
    }
  };
  const result = (product: Product): ProbeResult => {
    if (clock.now !== undefined) return { product, now: clock.now };
    const message = `${where} tells no time: allow the API account to use the command API (read only).`;
    throw new Failure('terminal', 'no-clock', message);
  };

  if (configured !== undefined) {
    if ((await ask(listingQuestion(configured, SECOND_OF_1970))) === undefined && refusal !== undefined)
      throw refusal;
    return result(configured);
  }
  const rs = await ask(listingQuestion('RS', SECOND_OF_1970));
  const pra = await ask(listingQuestion('PRA', SECOND_OF_1970));
  if (rs === undefined && pra === undefined && refusal !== undefined) throw refusal;
  if (answers(rs) !== answers(pra)) return result(answers(rs) ? 'RS' : 'PRA');
  if (!answers(rs)) {
    const control = await ask({ ...listingQuestion('RS', SECOND_OF_1970), report: 'NoSuchReport' });
    const refused = wordsOf(control);
    const refusedRs = rs === undefined || wordsOf(rs) === refused;
    const refusedPra = pra === undefined || wordsOf(pra) === refused;
    if (refused !== undefined && refusedRs !== refusedPra) return result(refusedRs ? 'PRA' : 'RS');
  }
  throw new Failure(
    'terminal',
    'unknown-product',
    `${where} does not tell whether it is Remote Support or Privileged Remote Access: choose Product in the site's settings.`,
  );
}

function answers(answer: ReportAnswer | undefined): boolean {
  return answer !== undefined && (answer.kind !== 'error' || saysNothingFound(answer.words));
}

function wordsOf(answer: ReportAnswer | undefined): string | undefined {
  return answer?.kind === 'error' ? answer.words : undefined;
}

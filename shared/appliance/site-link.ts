import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RetryOptions } from '../retry.ts';
import type { ApiCaller } from './api-caller.ts';
import type { CallOptions, Product } from './appliance.ts';
import { atSite } from './at-site.ts';
import type { NothingFound, NothingFoundProof } from './nothing-found.ts';
import type { ReplyBody } from './reply-body.ts';
import type { ReportQuestion } from './report-questions.ts';
import type { Reporting } from './reporting.ts';

/** What each family of requests works with. */
export interface SiteLink {
  /** Site name and host, for messages. */
  readonly where: string;
  readonly caller: ApiCaller;
  readonly reporting: Reporting;
  readonly nothingFound: NothingFound;
  readonly retry: RetryOptions;
  readonly log: Log;
  /** Known from the settings or found by asking. */
  product(signal: AbortSignal): Promise<Product>;
  /** Ends with the call or with the client. */
  signalOf(call: CallOptions | undefined): AbortSignal;
}

/**
 * Asks for a report. Rows to be read, or `undefined` for nothing found.
 * @param proof how the appliance can show that an unknown text says so
 * @param isKnown a text that is no failure of the report: it throws, or says that it means nothing found
 */
export async function openReport(
  { where, reporting, nothingFound, log }: SiteLink,
  question: ReportQuestion,
  proof: NothingFoundProof,
  signal: AbortSignal,
  isKnown: (words: string) => boolean = () => false,
): Promise<ReplyBody | undefined> {
  const answer = await reporting.ask(question, signal);
  if (answer.kind === 'rows') return answer.body;
  if (answer.kind === 'empty') return undefined;
  const { words } = answer;
  if (nothingFound.knows(question.report, words) || isKnown(words)) return undefined;
  const doubt = await nothingFound.doubt(question, proof, answer, signal);
  if (doubt === undefined) {
    log.info('learned how the appliance says that nothing was found', { site: where, words });
    return undefined;
  }
  throw new Failure(
    'transient',
    'appliance-error',
    `${where} answered the report ${question.report} with an error: ${words === '' ? 'no words' : words} (not taken for "nothing found": ${doubt}).`,
  );
}

/** Puts the site in front of failures that do not name it. */
export async function atTheSite<T>({ where }: SiteLink, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw atSite(error, where);
  }
}

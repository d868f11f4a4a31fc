import { saysNothingFound } from './error-document.ts';
import type { ReportQuestion } from './report-questions.ts';
import type { ReportAnswer, Reporting } from './reporting.ts';

/** Asks, and drops what comes: only the kind of the answer matters. */
export type Ask = (question: ReportQuestion) => Promise<ReportAnswer>;

/** What an appliance is asked to show that it means "nothing found". `nothing-found-proofs.ts` makes them. */
export interface NothingFoundProof {
  /** The same report for a second of 1970. */
  readonly control: ReportQuestion;
  /** Another report that would have rows for the question's window. */
  readonly other?: ReportQuestion;
  /** Why it is not shown where `works` says no. */
  readonly unshown: string;
  /** The report has rows of the last 90 days. */
  works(ask: Ask, now: number, signal: AbortSignal | undefined): Promise<boolean>;
}

/**
 * Tells "nothing found" from failure. An appliance answers both with an error document and status 200, in its language
 * (observed), so that only the text differs. A failure taken for "nothing found" would move the watermark over sessions;
 * "nothing found" taken for a failure only delays. So a text counts as "nothing found" when it is
 *
 * 1. one of the known texts, or one from the site's settings; or
 * 2. shown by the appliance itself to be one, all of this at the same time:
 *    a. the report works: it has rows for the last 90 days (for sessions: the listing has one, and the report gives it);
 *    b. asked for a second of 1970, in which nothing was, the same report answers with exactly this text;
 *    c. asked again, the question gets exactly this text;
 *    d. another report of the same (listing for sessions, sessions for listing), where there is one, has no row for the
 *       question's window;
 *    e. the report still works, as in a.
 *
 * A failure that meets everything fails a; one that comes or goes in between fails a, c or e; one that meets this window
 * only fails b. Whatever is not shown is an error. What was shown holds for the report until the process ends.
 */
export class NothingFound {
  readonly #reporting: Reporting;
  readonly #shown = new Set<string>();

  constructor(reporting: Reporting, settings: readonly string[]) {
    this.#reporting = reporting;
    for (const text of settings) this.#shown.add(normal(text));
  }

  knows(report: string, words: string): boolean {
    return saysNothingFound(words) || this.#shown.has(normal(words)) || this.#shown.has(keyOf(report, words));
  }

  /**
   * Asks the appliance whether it says "nothing found" in these words.
   * @returns `undefined` when it does, else why it does not seem so
   */
  async doubt(
    question: ReportQuestion,
    proof: NothingFoundProof,
    answer: ReportAnswer & { readonly kind: 'error' },
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { words } = answer;
    const now = answer.now ?? Math.floor(Date.now() / 1000);
    const same = (other: ReportAnswer) => other.kind === 'error' && normal(other.words) === normal(words);
    const ask: Ask = async (asked) => drop(await this.#reporting.ask(asked, signal));

    if (!(await proof.works(ask, now, signal))) return proof.unshown;
    if (!same(await ask(proof.control))) return 'an empty window is answered otherwise';
    if (!same(await ask(question))) return 'the same question was then answered otherwise';
    if (proof.other !== undefined && (await ask(proof.other)).kind === 'rows')
      return `the report ${proof.other.report} has sessions for the window`;
    if (!(await proof.works(ask, now, signal))) return proof.unshown;
    this.#shown.add(keyOf(question.report, words));
    return undefined;
  }
}

function drop(answer: ReportAnswer): ReportAnswer {
  if (answer.kind === 'rows') answer.body.drop();
  return answer;
}

function keyOf(report: string, words: string): string {
  return `${report}\n${normal(words)}`;
}

function normal(words: string): string {
  return words.replace(/\s+/g, ' ').trim();
}

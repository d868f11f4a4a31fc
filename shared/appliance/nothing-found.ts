import type { Product, SessionSelector, SessionWindow } from './appliance.ts';
import { saysNothingFound } from './error-document.ts';
import {
  listingQuestion,
  type ReportAnswer,
  type Reporting,
  type ReportQuestion,
  sessionQuestion,
} from './reporting.ts';
import { readSessionListing } from './session-listing.ts';

/** No session began or ended in this second of 1970. */
const IMPOSSIBLE = { from: 1, to: 2 } as const;
const LOOK_BACK = 90 * 24 * 3600;

/**
 * Tells "nothing found" from failure. An appliance answers both with an error document and status 200, in its language
 * (observed), so that only the text differs. A failure taken for "nothing found" would move the watermark over sessions;
 * "nothing found" taken for a failure only delays. So a text counts as "nothing found" when it is
 *
 * 1. one of the known texts, or one from the site's settings; or
 * 2. shown by the appliance itself to be one, all of this at the same time:
 *    a. reports work: the listing of the last 90 days has a session, and the session report gives that session;
 *    b. asked for a second of 1970, which has no session, the same report answers with exactly this text;
 *    c. asked again, the question gets exactly this text;
 *    d. the other report (listing for sessions, sessions for listing) has no row for the question's window;
 *    e. reports still work, as in a.
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
    product: Product,
    question: ReportQuestion,
    selector: SessionSelector,
    answer: ReportAnswer & { readonly kind: 'error' },
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { words } = answer;
    const now = answer.now ?? Math.floor(Date.now() / 1000);
    const same = (other: ReportAnswer) => other.kind === 'error' && normal(other.words) === normal(words);
    const ask = async (asked: ReportQuestion) => drop(await this.#reporting.ask(asked, signal));
    const by = selector.by === 'lsids' ? 'end_time' : selector.by;
    const isListing = question.root === 'session_summary_list';
    const impossible: SessionWindow = { by, ...IMPOSSIBLE };

    if (!(await this.#reportsWork(product, now, signal)))
      return 'no other session could be read to compare with';
    const control = isListing ? listingQuestion(product, impossible) : sessionQuestion(product, impossible);
    if (!same(await ask(control))) return 'an empty window is answered otherwise';
    if (!same(await ask(question))) return 'the same question was then answered otherwise';
    if (selector.by !== 'lsids') {
      const other = isListing ? sessionQuestion(product, selector) : listingQuestion(product, selector);
      if ((await ask(other)).kind === 'rows') return `the report ${other.report} has sessions for the window`;
    }
    if (!(await this.#reportsWork(product, now, signal)))
      return 'no other session could be read to compare with';
    this.#shown.add(keyOf(question.report, words));
    return undefined;
  }

  async #reportsWork(product: Product, now: number, signal?: AbortSignal): Promise<boolean> {
    const from = Math.max(1, now - LOOK_BACK);
    const listing = await this.#reporting.ask(
      listingQuestion(product, { by: 'start_time', from, to: Math.max(now, from) + 1 }),
      signal,
    );
    if (listing.kind !== 'rows') return false;
    // One row is enough; ending the loop ends the connection.
    for await (const { lsid } of readSessionListing(listing.body)) {
      const question = sessionQuestion(product, { by: 'lsids', lsids: [lsid] });
      return drop(await this.#reporting.ask(question, signal)).kind === 'rows';
    }
    return false;
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

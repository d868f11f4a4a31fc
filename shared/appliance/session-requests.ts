import { Failure } from '../errors.ts';
import type {
  CallOptions,
  Product,
  ReportBody,
  SessionListingRow,
  SessionSelector,
  SessionWindow,
  TimeWindow,
} from './appliance.ts';
import { atSite } from './at-site.ts';
import { saysInvalidLsid } from './error-document.ts';
import type { NothingFoundProof } from './nothing-found.ts';
import { sessionProof, windowProof } from './nothing-found-proofs.ts';
import type { ReplyBody } from './reply-body.ts';
import {
  checkSelector,
  listingQuestion,
  presentationListingQuestion,
  presentationQuestion,
  type ReportQuestion,
  sessionQuestion,
} from './report-questions.ts';
import { readSessionListing } from './session-listing.ts';
import { atTheSite, openReport, type SiteLink } from './site-link.ts';

/** Reports of sessions and of presentations, which are asked for in the same way. */
export class SessionRequests {
  readonly #link: SiteLink;

  constructor(link: SiteLink) {
    this.#link = link;
  }

  async sessions(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined> {
    return this.#report(selector, call, (product) => ({
      question: sessionQuestion(product, selector),
      proof: sessionProof(this.#link.reporting, product, selector, 'sessions'),
    }));
  }

  async presentations(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined> {
    return this.#report(selector, call, (product) => {
      const by = selector.by === 'lsids' ? 'end_time' : selector.by;
      const other = selector.by === 'lsids' ? undefined : presentationListingQuestion(product, selector);
      return {
        question: presentationQuestion(product, selector),
        proof: windowProof((window) => presentationQuestion(product, { by, ...window }), other),
      };
    });
  }

  sessionListing(selector: SessionWindow, call?: CallOptions): AsyncGenerator<SessionListingRow> {
    return this.#listing(
      selector,
      call,
      (product) => ({
        question: listingQuestion(product, selector),
        proof: sessionProof(this.#link.reporting, product, selector, 'listing'),
      }),
      readSessionListing,
    );
  }

  presentationListing(selector: SessionWindow, call?: CallOptions): AsyncGenerator<SessionListingRow> {
    const questionFor = (product: Product) => (window: TimeWindow) =>
      presentationListingQuestion(product, { by: selector.by, ...window });
    return this.#listing(
      selector,
      call,
      (product) => ({
        question: presentationListingQuestion(product, selector),
        proof: windowProof(questionFor(product), presentationQuestion(product, selector)),
      }),
      (body) => readSessionListing(body, 'unverified'),
    );
  }

  async #report(
    selector: SessionSelector,
    call: CallOptions | undefined,
    plan: (product: Product) => Plan,
  ): Promise<ReportBody | undefined> {
    const signal = this.#link.signalOf(call);
    checkSelector(selector);
    const product = await this.#link.product(signal);
    const body = await atTheSite(this.#link, () => this.#open(plan(product), selector, signal));
    return body === undefined ? undefined : { chunks: body };
  }

  async *#listing(
    selector: SessionWindow,
    call: CallOptions | undefined,
    plan: (product: Product) => Plan,
    read: (body: ReplyBody) => AsyncIterable<SessionListingRow>,
  ): AsyncGenerator<SessionListingRow> {
    const signal = this.#link.signalOf(call);
    checkSelector(selector);
    const product = await this.#link.product(signal);
    try {
      const body = await this.#open(plan(product), selector, signal);
      if (body !== undefined) yield* read(body);
    } catch (error) {
      throw atSite(error, this.#link.where);
    }
  }

  #open({ question, proof }: Plan, selector: SessionSelector, signal: AbortSignal) {
    return openReport(this.#link, question, proof, signal, (words) => {
      if (selector.by !== 'lsids' || !saysInvalidLsid(words)) return false;
      if (selector.lsids.length === 1) return true;
      const message = `${this.#link.where} does not know one of ${selector.lsids.length} sessions: ask for them one by one.`;
      throw new Failure('item', 'invalid-lsid', message);
    });
  }
}

interface Plan {
  readonly question: ReportQuestion;
  readonly proof: NothingFoundProof;
}

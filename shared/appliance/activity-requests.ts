import type { CallOptions, Product, ReportBody, SessionSummary, TimeWindow } from './appliance.ts';
import type { NothingFoundProof } from './nothing-found.ts';
import { archiveProof, windowProof } from './nothing-found-proofs.ts';
import type { ReplyBody } from './reply-body.ts';
import {
  badSelector,
  checkDate,
  checkWindow,
  type ReportKind,
  type ReportQuestion,
  reportName,
  windowQuestion,
} from './report-questions.ts';
import { readSessionSummaries } from './reports/session-summaries.ts';
import { atTheSite, openReport, type SiteLink } from './site-link.ts';
import type { Parameters } from './transport.ts';

/** What a windowed report takes besides its window. */
interface WindowReport {
  readonly kind: ReportKind;
  readonly root: string;
  readonly more?: Parameters;
}

/** Reports of what happened and is no session. */
export class ActivityRequests {
  readonly #link: SiteLink;

  constructor(link: SiteLink) {
    this.#link = link;
  }

  async team({ teamId, ...window }: TimeWindow & { readonly teamId?: string }, call?: CallOptions) {
    const more = teamId === undefined ? {} : { team_id: word('team', teamId) };
    return this.#body({ kind: 'teamActivity', root: 'team_activity_list', more }, window, call);
  }

  async vault({ limit, ...window }: TimeWindow & { readonly limit?: string }, call?: CallOptions) {
    const more = limit === undefined ? {} : { limit: word('limit', limit) };
    const report: WindowReport = { kind: 'vaultAccountActivity', root: 'vault_account_activity_list', more };
    return this.#body(report, window, call);
  }

  /** `report_type` and `id` as public clients send them for both kinds (observed): every representative's surveys. */
  async exitSurvey(by: 'customer' | 'representative', window: TimeWindow, call?: CallOptions) {
    const kind = by === 'customer' ? 'customerExitSurvey' : 'representativeExitSurvey';
    const more = { report_type: 'rep', id: 'all' };
    return this.#body({ kind, root: 'exit_survey_list', more }, window, call);
  }

  async licenseUsage({ groupBy, ...window }: TimeWindow & { readonly groupBy: string }, call?: CallOptions) {
    const more = { group_by: word('group', groupBy) };
    return this.#body({ kind: 'licenseUsage', root: 'license_usage', more }, window, call);
  }

  async summary(
    { reportType, ...window }: TimeWindow & { readonly reportType: string },
    call?: CallOptions,
  ): Promise<readonly SessionSummary[]> {
    const more = { report_type: word('report type', reportType) };
    const report: WindowReport = { kind: 'sessionSummary', root: 'summary_list', more };
    return this.#asked(this.#windowPlan(report, window), call, async (body) => {
      if (body === undefined) return [];
      const summaries: SessionSummary[] = [];
      for await (const summary of readSessionSummaries(body)) summaries.push(summary);
      return summaries;
    });
  }

  async archiveListing(date: string, call?: CallOptions): Promise<ReportBody | undefined> {
    checkDate(date);
    const plan: Plan = (product) => {
      const report = reportName('archiveListing', product);
      // No source names its root.
      const questionFor = (day: string): ReportQuestion => ({ report, parameters: { date: day } });
      return { question: questionFor(date), proof: archiveProof(questionFor) };
    };
    return this.#asked(plan, call, async (body) => body && { chunks: body });
  }

  async #body(
    report: WindowReport,
    window: TimeWindow,
    call: CallOptions | undefined,
  ): Promise<ReportBody | undefined> {
    return this.#asked(this.#windowPlan(report, window), call, async (body) => body && { chunks: body });
  }

  #windowPlan({ kind, root, more }: WindowReport, window: TimeWindow): Plan {
    checkWindow(window);
    return (product) => {
      const questionFor = (asked: TimeWindow) => windowQuestion(product, kind, asked, root, more);
      return { question: questionFor(window), proof: windowProof(questionFor) };
    };
  }

  async #asked<T>(
    plan: Plan,
    call: CallOptions | undefined,
    read: (body: ReplyBody | undefined) => Promise<T>,
  ): Promise<T> {
    const signal = this.#link.signalOf(call);
    const product = await this.#link.product(signal);
    return atTheSite(this.#link, async () => {
      const { question, proof } = plan(product);
      return read(await openReport(this.#link, question, proof, signal));
    });
  }
}

type Plan = (product: Product) => { readonly question: ReportQuestion; readonly proof: NothingFoundProof };

/** A parameter's value: ids, names, `rep:12`. */
function word(what: string, value: string): string {
  if (/^[\w:.-]{1,100}$/.test(value)) return value;
  throw badSelector(`The ${what} of a report must be one word of letters, digits and :._-`);
}

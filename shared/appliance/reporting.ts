import { type RetryOptions, throwIfCancelled, withRetry } from '../retry.ts';
import type { ApiCaller } from './api-caller.ts';
import type { ReplyBody } from './reply-body.ts';
import { readReportHead } from './report-head.ts';
import type { ReportQuestion } from './report-questions.ts';

/** A report's answer: rows to be read, an empty list, or an error document's words. */
export type ReportAnswer = { readonly now: number | undefined } & (
  | { readonly kind: 'rows'; readonly body: ReplyBody }
  | { readonly kind: 'empty' }
  | { readonly kind: 'error'; readonly words: string }
);

/** More lsids make the URL long; public clients send them in a form as well (observed). */
const LONGEST_QUERY = 1000;

/** Asks the reporting API and tells what came back. Opening is retried; reading the rows is the caller's. */
export class Reporting {
  readonly #caller: ApiCaller;
  readonly #retry: RetryOptions;

  constructor(caller: ApiCaller, retry: RetryOptions) {
    this.#caller = caller;
    this.#retry = retry;
  }

  async ask({ report, parameters, root }: ReportQuestion, signal?: AbortSignal): Promise<ReportAnswer> {
    throwIfCancelled(signal);
    const what = `the report ${report}`;
    return withRetry(
      async () => {
        const reply = await this.#caller.call({
          what,
          api: 'reporting',
          parameters: { generate_report: report, ...parameters },
          post: new URLSearchParams(parameters).toString().length > LONGEST_QUERY,
          signal,
        });
        const { body } = reply;
        const date = Date.parse(reply.headers.date ?? '');
        const now = Number.isNaN(date) ? undefined : Math.floor(date / 1000);
        let rows = false;
        try {
          const head = await readReportHead(body, root, what);
          if (head.kind === 'error') {
            const refused = this.#caller.badLogin(head.words);
            if (refused !== undefined) throw refused;
          }
          rows = head.kind === 'rows';
          return head.kind === 'rows' ? { kind: 'rows', body, now } : { ...head, now };
        } finally {
          if (!rows) body.drop();
        }
      },
      { ...this.#retry, signal },
    );
  }
}

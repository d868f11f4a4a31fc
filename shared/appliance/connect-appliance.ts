import { Failure } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import { type RetryOptions, withRetry } from '../retry.ts';
import { type ApiCaller, LegacyCaller, OAuthCaller } from './api-caller.ts';
import type {
  Appliance,
  ApplianceInfo,
  CallOptions,
  FileDownload,
  Product,
  ReportBody,
  SessionListingRow,
  SessionSelector,
  SessionWindow,
} from './appliance.ts';
import { atSite } from './at-site.ts';
import { CommandApi } from './command.ts';
import { saysInvalidLsid } from './error-document.ts';
import { openFile } from './file-download.ts';
import { parseHost } from './host.ts';
import { NothingFound } from './nothing-found.ts';
import { probeProduct } from './product-probe.ts';
import type { ReplyBody } from './reply-body.ts';
import { listingQuestion, Reporting, type ReportQuestion, sessionQuestion } from './reporting.ts';
import { readSessionListing } from './session-listing.ts';
import { TokenSource } from './token.ts';
import { TRANSPORT_LIMITS, Transport, type TransportLimits } from './transport.ts';

export interface ApplianceOptions {
  readonly site: {
    readonly id: string;
    /** For messages. */
    readonly name: string;
    /** `host`, `host:port`, `[IPv6]:port`. */
    readonly host: string;
    /** Found by asking when left out. */
    readonly product?: Product | undefined;
    /** PEM: trusted in place of the public authorities. */
    readonly ca?: string | undefined;
    readonly auth:
      | { readonly kind: 'oauth'; readonly clientId: string }
      | { readonly kind: 'legacy'; readonly username: string };
    /** Texts in which this appliance says "nothing found", where it cannot show it itself (nothing-found.ts). */
    readonly nothingFound?: readonly string[];
  };
  /** Client secret or password. Asked for whenever it is needed, so that a new one is picked up. */
  readonly secret: () => Promise<string>;
  readonly limits?: Partial<TransportLimits>;
  /** For opening a request; a body that breaks off is for the caller to ask for again. Default 3 attempts. */
  readonly retry?: Pick<RetryOptions, 'attempts' | 'baseMs' | 'maxMs'>;
  /** Ends everything under way. */
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/** The vendor documents no limit for lsids; the design keeps to this. */
const MOST_LSIDS = 50;

/** A client of one site. Throws terminal `bad-host`; nothing is sent before the first call. */
export function connectAppliance(options: ApplianceOptions): Appliance {
  return new ApplianceClient(options);
}

class ApplianceClient implements Appliance {
  readonly #where: string;
  readonly #isLegacy: boolean;
  readonly #caller: ApiCaller;
  readonly #reporting: Reporting;
  readonly #command: CommandApi;
  readonly #nothingFound: NothingFound;
  readonly #configured: Product | undefined;
  readonly #closing = new AbortController();
  readonly #retry: RetryOptions;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  #product: Promise<Product> | undefined;
  #applianceId: { readonly value: string | undefined } | undefined;

  constructor({ site, secret, limits, retry = {}, signal, log = silentLog }: ApplianceOptions) {
    this.#retry = retry;
    const address = parseHost(site.host);
    this.#where = `${site.name} (${address.authority})`;
    this.#configured = site.product;
    this.#log = log;
    this.#signal =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const transport = new Transport({
      address,
      where: this.#where,
      ca: site.ca,
      limits: { ...TRANSPORT_LIMITS, ...limits },
      log,
    });
    const { auth } = site;
    this.#isLegacy = auth.kind === 'legacy';
    if (auth.kind === 'legacy') this.#caller = new LegacyCaller(transport, site.name, auth.username, secret);
    else {
      const { authority } = address;
      const tokens = new TokenSource({
        transport,
        authority,
        siteName: site.name,
        clientId: auth.clientId,
        secret,
      });
      this.#caller = new OAuthCaller(transport, tokens);
    }
    this.#reporting = new Reporting(this.#caller, this.#retry);
    this.#command = new CommandApi(this.#caller, this.#retry);
    this.#nothingFound = new NothingFound(this.#reporting, site.nothingFound ?? []);
  }

  info(call?: CallOptions): Promise<ApplianceInfo> {
    return this.#here(() => this.#askInfo(this.#signalOf(call)));
  }

  async #askInfo(signal: AbortSignal): Promise<ApplianceInfo> {
    const information = await this.#command.information(signal);
    if (information === 'denied') {
      const found = await probeProduct(this.#reporting, this.#configured, this.#where, signal);
      this.#product = Promise.resolve(found.product);
      return { ...found, clock: 'date-header' };
    }
    const { now, apiVersion, permissions } = information;
    const product =
      information.product ??
      this.#configured ??
      (await probeProduct(this.#reporting, undefined, this.#where, signal)).product;
    this.#product = Promise.resolve(product);
    const applianceId = await this.#findApplianceId(signal);
    return {
      product,
      now,
      clock: 'command',
      permissions,
      ...(apiVersion === '' ? {} : { apiVersion }),
      ...(applianceId === undefined ? {} : { applianceId }),
    };
  }

  async sessionReport(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined> {
    const signal = this.#signalOf(call);
    checkSelector(selector);
    const product = await this.#findProduct(signal);
    const question = sessionQuestion(product, selector);
    const body = await this.#here(() => this.#open(product, question, selector, signal));
    return body === undefined ? undefined : { chunks: body };
  }

  async *sessionListing(selector: SessionWindow, call?: CallOptions): AsyncGenerator<SessionListingRow> {
    const signal = this.#signalOf(call);
    checkSelector(selector);
    const product = await this.#findProduct(signal);
    try {
      const body = await this.#open(product, listingQuestion(product, selector), selector, signal);
      if (body !== undefined) yield* readSessionListing(body);
    } catch (error) {
      throw atSite(error, this.#where);
    }
  }

  async sessionRecording(lsid: string, call?: CallOptions): Promise<FileDownload> {
    const signal = this.#signalOf(call);
    const product = await this.#findProduct(signal);
    const report = product === 'RS' ? 'SupportSessionRecording' : 'AccessSessionRecording';
    const what = `the recording of session ${lsid}`;
    const refusal = { kind: 'item', code: 'recording-refused', what: `${this.#where}: ${what}` } as const;
    // A recording that is not there looks like a missing permission, and must not stop the others.
    const gone = `${refusal.what} was not found: it is gone, not ready, or the API account may not view recordings.`;
    const notFound = new Failure('item', 'recording-refused', gone);
    return withRetry(
      async () => {
        const reply = await this.#caller.call({
          what,
          api: 'reporting',
          parameters: { generate_report: report, lsid },
          notFound,
          signal,
        });
        return openFile(reply, { ...refusal, badLogin: (words) => this.#caller.badLogin(words) });
      },
      { ...this.#retry, signal },
    );
  }

  async backup(call?: CallOptions & { readonly password?: string }): Promise<FileDownload> {
    const signal = this.#signalOf(call);
    const password = call?.password;
    if (password !== undefined && this.#isLegacy) {
      const message = `${this.#where}: a backup with a password needs an OAuth API account.`;
      throw new Failure('terminal', 'backup-password', message);
    }
    const what = 'the backup';
    return withRetry(
      async () => {
        const json = password === undefined ? {} : { json: { password } };
        const reply = await this.#caller.call({ what, api: 'backup', parameters: {}, signal, ...json });
        return openFile(reply, {
          kind: 'transient',
          code: 'backup-refused',
          what: `${this.#where}: ${what}`,
          badLogin: (words) => this.#caller.badLogin(words),
        });
      },
      { ...this.#retry, signal },
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new Failure('transient', 'cancelled', `The client of ${this.#where} was closed.`));
  }

  /** Rows to be read, or `undefined` for nothing found. */
  async #open(
    product: Product,
    question: ReportQuestion,
    selector: SessionSelector,
    signal: AbortSignal,
  ): Promise<ReplyBody | undefined> {
    const answer = await this.#reporting.ask(question, signal);
    if (answer.kind === 'rows') return answer.body;
    if (answer.kind === 'empty') return undefined;
    const { words } = answer;
    if (this.#nothingFound.knows(question.report, words)) return undefined;
    if (selector.by === 'lsids' && saysInvalidLsid(words)) {
      if (selector.lsids.length === 1) return undefined;
      const message = `${this.#where} does not know one of ${selector.lsids.length} sessions: ask for them one by one.`;
      throw new Failure('item', 'invalid-lsid', message);
    }
    const doubt = await this.#nothingFound.doubt(product, question, selector, answer, signal);
    if (doubt === undefined) {
      this.#log.info('learned how the appliance says that nothing was found', { site: this.#where, words });
      return undefined;
    }
    throw new Failure(
      'transient',
      'appliance-error',
      `${this.#where} answered the report ${question.report} with an error: ${words === '' ? 'no words' : words} (not taken for "nothing found": ${doubt}).`,
    );
  }

  async #here<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw atSite(error, this.#where);
    }
  }

  #findProduct(signal: AbortSignal): Promise<Product> {
    if (this.#product !== undefined) return this.#product;
    if (this.#configured !== undefined) return Promise.resolve(this.#configured);
    return this.info({ signal }).then(({ product }) => product);
  }

  /** The GUID is good to have: that it cannot be had is no failure. */
  async #findApplianceId(signal: AbortSignal): Promise<string | undefined> {
    if (this.#applianceId !== undefined) return this.#applianceId.value;
    try {
      this.#applianceId = { value: await this.#command.applianceId(signal) };
      return this.#applianceId.value;
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      this.#log.warn('check_health failed', { site: this.#where, code: error.code });
      return undefined;
    }
  }

  #signalOf(call: CallOptions | undefined): AbortSignal {
    return call?.signal === undefined ? this.#signal : AbortSignal.any([this.#signal, call.signal]);
  }
}

function checkSelector(selector: SessionSelector): void {
  if (selector.by === 'lsids') {
    const { lsids } = selector;
    if (lsids.length >= 1 && lsids.length <= MOST_LSIDS && lsids.every((lsid) => /^[0-9a-z]+$/i.test(lsid)))
      return;
    throw new Failure(
      'terminal',
      'bad-selector',
      `Ask for 1 to ${MOST_LSIDS} sessions by lsid; ${lsids.length} were given.`,
    );
  }
  const { from, to } = selector;
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to - from >= 1) return;
  throw new Failure(
    'terminal',
    'bad-selector',
    `A window must be whole seconds, at least one: [${from}, ${to}).`,
  );
}

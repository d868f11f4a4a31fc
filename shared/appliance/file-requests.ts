import { Failure } from '../errors.ts';
import { withRetry } from '../retry.ts';
import type { ApiRequest } from './api-caller.ts';
import type { ArchiveSelector, CallOptions, FileDownload } from './appliance.ts';
import { type FileRefusal, openFile } from './file-download.ts';
import type { FileForm } from './file-form.ts';
import { badSelector, checkDate, type ReportKind, reportName } from './report-questions.ts';
import { atTheSite, type SiteLink } from './site-link.ts';
import type { Parameters } from './transport.ts';

const WORDS = {
  sessionRecording: 'recording',
  commandShellRecording: 'command shell recording',
  showMyScreenRecording: 'Show My Screen recording',
  userRecording: 'user recording',
  presentationRecording: 'recording',
} as const satisfies Partial<Record<ReportKind, string>>;

type RecordingKind = keyof typeof WORDS;
type Refusal = Omit<FileRefusal, 'badLogin'>;

/** Requests that are answered with a file. */
export class FileRequests {
  readonly #link: SiteLink;

  constructor(link: SiteLink) {
    this.#link = link;
  }

  /** A recording of a session or presentation; `instance` where there can be several. */
  async recording(
    kind: RecordingKind,
    { lsid, instance, text = false }: RecordingSelector,
    call?: CallOptions,
  ): Promise<FileDownload> {
    if (!/^[0-9a-z]+$/i.test(lsid)) throw badSelector('An lsid has letters and digits only.');
    if (instance !== undefined && !/^\d{1,9}$/.test(instance))
      throw badSelector('An instance is a number from 0.');
    const number = instance === undefined ? '' : ` ${instance}`;
    const what = `the ${WORDS[kind]}${number} of ${kind === 'presentationRecording' ? 'presentation' : 'session'} ${lsid}`;
    const refusal = {
      kind: 'item',
      code: 'recording-refused',
      what: `${this.#link.where}: ${what}`,
    } as const;
    // A recording that is not there looks like a missing permission, and must not stop the others.
    const gone = `${refusal.what} was not found: it is gone, not ready, or the API account may not view recordings.`;
    const parameters = {
      lsid,
      ...(instance === undefined ? {} : { instance }),
      ...(text ? { format: 'txt' } : {}),
    };
    const notFound = new Failure('item', 'recording-refused', gone);
    return this.#report(kind, { what, parameters, notFound }, refusal, text ? 'text' : 'any', call);
  }

  /** A report that comes as a ZIP and has no parameters. */
  zip(kind: 'endpointLicenseUsage' | 'syslog', call?: CallOptions): Promise<FileDownload> {
    const what = kind === 'syslog' ? 'the syslog' : 'the endpoint licence usage';
    const refusal = {
      kind: 'transient',
      code: 'report-refused',
      what: `${this.#link.where}: ${what}`,
    } as const;
    return this.#report(kind, { what, parameters: {} }, refusal, 'zip', call);
  }

  async archive(
    { date, type, index }: ArchiveSelector,
    call?: CallOptions,
  ): Promise<FileDownload | undefined> {
    checkDate(date);
    if (!/^\w{1,40}$/.test(index)) throw badSelector('The index of an archive is one from the listing.');
    const what = `the ${type} archive ${index} of ${date}`;
    const refusal = {
      kind: 'transient',
      code: 'report-refused',
      what: `${this.#link.where}: ${what}`,
    } as const;
    return this.#perhaps('archive', { what, parameters: { date, type, index } }, refusal, 'gzip', call);
  }

  jumpItem(call?: CallOptions): Promise<FileDownload | undefined> {
    const what = 'the Jump Item report';
    const refusal = {
      kind: 'transient',
      code: 'report-refused',
      what: `${this.#link.where}: ${what}`,
    } as const;
    return this.#perhaps('jumpItem', { what, parameters: {} }, refusal, 'document', call);
  }

  backup(password: string | undefined, call?: CallOptions): Promise<FileDownload> {
    const what = 'the backup';
    const json = password === undefined ? {} : { json: { password } };
    const request: ApiRequest = { what, api: 'backup', parameters: {}, ...json };
    const refusal = {
      kind: 'transient',
      code: 'backup-refused',
      what: `${this.#link.where}: ${what}`,
    } as const;
    return this.#open(request, refusal, 'any', call);
  }

  /** `undefined` where nothing was found. */
  async #perhaps(
    kind: ReportKind,
    request: FileRequest,
    refusal: Refusal,
    form: FileForm,
    call: CallOptions | undefined,
  ): Promise<FileDownload | undefined> {
    try {
      return await this.#report(kind, request, { ...refusal, orNothing: true }, form, call);
    } catch (error) {
      if (error instanceof Failure && error.code === 'nothing-found') return undefined;
      throw error;
    }
  }

  async #report(
    kind: ReportKind,
    request: FileRequest,
    refusal: Refusal,
    form: FileForm,
    call: CallOptions | undefined,
  ): Promise<FileDownload> {
    const product = await this.#link.product(this.#link.signalOf(call));
    const report = await atTheSite(this.#link, async () => reportName(kind, product));
    const parameters = { generate_report: report, ...request.parameters };
    return this.#open({ ...request, api: 'reporting', parameters }, refusal, form, call);
  }

  #open(
    request: ApiRequest,
    refusal: Refusal,
    form: FileForm,
    call: CallOptions | undefined,
  ): Promise<FileDownload> {
    const { caller, retry } = this.#link;
    const signal = this.#link.signalOf(call);
    return withRetry(
      async () => {
        const reply = await caller.call({ ...request, signal });
        return openFile(reply, { ...refusal, badLogin: (words) => caller.badLogin(words) }, form);
      },
      { ...retry, signal },
    );
  }
}

interface RecordingSelector {
  readonly lsid: string;
  readonly instance?: string;
  readonly text?: boolean;
}

interface FileRequest {
  readonly what: string;
  readonly parameters: Parameters;
  readonly notFound?: Failure;
}

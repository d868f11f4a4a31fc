import { Failure } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import type { RetryOptions } from '../retry.ts';
import { ActivityRequests } from './activity-requests.ts';
import { type ApiCaller, LegacyCaller, OAuthCaller } from './api-caller.ts';
import type { Appliance, CallOptions, FileDownload, Product } from './appliance.ts';
import { FileRequests } from './file-requests.ts';
import { parseHost } from './host.ts';
import { NothingFound } from './nothing-found.ts';
import { Reporting } from './reporting.ts';
import { SessionRequests } from './session-requests.ts';
import { SiteInformation } from './site-information.ts';
import type { SiteLink } from './site-link.ts';
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
  /** Client secret or password. Asked for whenever it is needed, so that a new one is picked up; with the old one
   * where that was refused. */
  readonly secret: (refused?: string) => Promise<string>;
  readonly limits?: Partial<TransportLimits>;
  /** For opening a request; a body that breaks off is for the caller to ask for again. Default 3 attempts. */
  readonly retry?: Pick<RetryOptions, 'attempts' | 'baseMs' | 'maxMs'>;
  /** Ends everything under way. */
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/** A client of one site. Throws terminal `bad-host`; nothing is sent before the first call. */
export function connectAppliance({
  site,
  secret,
  limits,
  retry = {},
  signal,
  log = silentLog,
}: ApplianceOptions): Appliance {
  const address = parseHost(site.host);
  const where = `${site.name} (${address.authority})`;
  const closing = new AbortController();
  const ending = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
  const signalOf = (call: CallOptions | undefined) =>
    call?.signal === undefined ? ending : AbortSignal.any([ending, call.signal]);
  const transport = new Transport({
    address,
    where,
    ca: site.ca,
    limits: { ...TRANSPORT_LIMITS, ...limits },
    log,
  });
  const caller = callerOf(site, transport, address.authority, secret);
  const reporting = new Reporting(caller, retry);
  const information = new SiteInformation({ where, caller, reporting, retry, log, configured: site.product });
  const link: SiteLink = {
    where,
    caller,
    reporting,
    nothingFound: new NothingFound(reporting, site.nothingFound ?? []),
    retry,
    log,
    product: (ends) => information.product(ends),
    signalOf,
  };
  const sessions = new SessionRequests(link);
  const activity = new ActivityRequests(link);
  const files = new FileRequests(link);
  return {
    info: (call) => information.ask(signalOf(call)),
    sessionReport: (selector, call) => sessions.sessions(selector, call),
    sessionListing: (selector, call) => sessions.sessionListing(selector, call),
    sessionSummary: (window, call) => activity.summary(window, call),
    sessionRecording: (lsid, call) => files.recording('sessionRecording', { lsid }, call),
    commandShellRecording: (lsid, instance, format, call) =>
      files.recording('commandShellRecording', { lsid, instance, text: format === 'text' }, call),
    showMyScreenRecording: (lsid, instance, call) =>
      files.recording('showMyScreenRecording', { lsid, instance }, call),
    userRecording: (lsid, call) => files.recording('userRecording', { lsid }, call),
    presentationReport: (selector, call) => sessions.presentations(selector, call),
    presentationListing: (selector, call) => sessions.presentationListing(selector, call),
    presentationRecording: (lsid, call) => files.recording('presentationRecording', { lsid }, call),
    teamActivity: (window, call) => activity.team(window, call),
    vaultAccountActivity: (window, call) => activity.vault(window, call),
    exitSurvey: (by, window, call) => activity.exitSurvey(by, window, call),
    licenseUsage: (window, call) => activity.licenseUsage(window, call),
    endpointLicenseUsage: (call) => files.zip('endpointLicenseUsage', call),
    syslog: (call) => files.zip('syslog', call),
    archiveListing: (date, call) => activity.archiveListing(date, call),
    archive: (selector, call) => files.archive(selector, call),
    jumpItem: (call) => files.jumpItem(call),
    async backup(call): Promise<FileDownload> {
      if (call?.password !== undefined && site.auth.kind === 'legacy') {
        const message = `${where}: a backup with a password needs an OAuth API account.`;
        throw new Failure('terminal', 'backup-password', message);
      }
      return files.backup(call?.password, call);
    },
    async close(): Promise<void> {
      closing.abort(new Failure('transient', 'cancelled', `The client of ${where} was closed.`));
    },
  };
}

function callerOf(
  { name: siteName, auth }: ApplianceOptions['site'],
  transport: Transport,
  authority: string,
  secret: () => Promise<string>,
): ApiCaller {
  if (auth.kind === 'legacy') return new LegacyCaller(transport, siteName, auth.username, secret);
  const { clientId } = auth;
  return new OAuthCaller(transport, new TokenSource({ transport, authority, siteName, clientId, secret }));
}

import { Failure } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import type { RetryOptions } from '../retry.ts';
import { type ApiCaller, LegacyCaller, OAuthCaller } from './api-caller.ts';
import type { CallOptions, Product } from './appliance.ts';
import { parseHost, type SiteAddress } from './host.ts';
import { NothingFound } from './nothing-found.ts';
import { Reporting } from './reporting.ts';
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

/** What every client of a site works with. */
export interface OpenSite {
  readonly address: SiteAddress;
  readonly transport: Transport;
  readonly information: SiteInformation;
  readonly link: SiteLink;
  /** Ends everything under way. */
  close(): void;
}

/** Throws terminal `bad-host`; nothing is sent. Clients of one account share its token, however many are opened. */
export function openSite({
  site,
  secret,
  limits,
  retry = {},
  signal,
  log = silentLog,
}: ApplianceOptions): OpenSite {
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
  return {
    address,
    transport,
    information,
    link,
    close: () => closing.abort(new Failure('transient', 'cancelled', `The client of ${where} was closed.`)),
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

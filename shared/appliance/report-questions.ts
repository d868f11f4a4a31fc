import { Failure } from '../errors.ts';
import type { Product, SessionSelector, SessionWindow, TimeWindow } from './appliance.ts';
import type { Parameters } from './transport.ts';

/** What is asked of the reporting API. */
export interface ReportQuestion {
  readonly report: string;
  readonly parameters: Parameters;
  /** The list's root element; absent where no source names it: then any but an error's or a web page's will do. */
  readonly root?: string;
}

/** The reports by name, for each product that has them (API guides). */
const NAMES = {
  sessions: { RS: 'SupportSession', PRA: 'AccessSession' },
  sessionListing: { RS: 'SupportSessionListing', PRA: 'AccessSessionListing' },
  sessionSummary: { RS: 'SupportSessionSummary', PRA: 'AccessSessionSummary' },
  sessionRecording: { RS: 'SupportSessionRecording', PRA: 'AccessSessionRecording' },
  commandShellRecording: { RS: 'CommandShellRecording', PRA: 'CommandShellRecording' },
  showMyScreenRecording: { RS: 'ShowMyScreenRecording' },
  userRecording: { PRA: 'UserRecording' },
  presentations: { RS: 'PresentationSession' },
  presentationListing: { RS: 'PresentationSessionListing' },
  presentationRecording: { RS: 'PresentationSessionRecording' },
  teamActivity: { RS: 'SupportTeam', PRA: 'Team' },
  vaultAccountActivity: { RS: 'VaultAccountActivity', PRA: 'VaultAccountActivity' },
  customerExitSurvey: { RS: 'SupportCustExitSurvey' },
  representativeExitSurvey: { RS: 'SupportRepExitSurvey' },
  licenseUsage: { RS: 'LicenseUsage' },
  endpointLicenseUsage: { RS: 'EndpointLicenseUsage', PRA: 'EndpointLicenseUsage' },
  syslog: { RS: 'Syslog', PRA: 'Syslog' },
  archiveListing: { RS: 'ArchiveListing' },
  archive: { RS: 'Archive' },
  jumpItem: { RS: 'JumpItem', PRA: 'JumpItem' },
} as const satisfies Record<string, Partial<Record<Product, string>>>;

export type ReportKind = keyof typeof NAMES;

/** Throws terminal `not-of-this-product`. */
export function reportName(kind: ReportKind, product: Product): string {
  const names: Partial<Record<Product, string>> = NAMES[kind];
  const name = names[product];
  if (name !== undefined) return name;
  const [other = ''] = Object.values(names);
  const title = product === 'RS' ? 'Remote Support' : 'Privileged Remote Access';
  throw new Failure('terminal', 'not-of-this-product', `${title} has no report ${other}.`);
}

export function sessionQuestion(product: Product, selector: SessionSelector): ReportQuestion {
  return {
    report: reportName('sessions', product),
    parameters: selectorParameters(selector),
    root: 'session_list',
  };
}

export function listingQuestion(product: Product, selector: SessionSelector): ReportQuestion {
  return {
    report: reportName('sessionListing', product),
    parameters: selectorParameters(selector),
    root: 'session_summary_list',
  };
}

/** No public source shows one: elements and root are unverified. */
export function presentationQuestion(product: Product, selector: SessionSelector): ReportQuestion {
  return { report: reportName('presentations', product), parameters: selectorParameters(selector) };
}

export function presentationListingQuestion(product: Product, window: SessionWindow): ReportQuestion {
  return { report: reportName('presentationListing', product), parameters: selectorParameters(window) };
}

/** A report of what began, or happened, in a window. */
export function windowQuestion(
  product: Product,
  kind: ReportKind,
  window: TimeWindow,
  root: string,
  more: Parameters = {},
): ReportQuestion {
  const { from, to } = window;
  const parameters = { ...selectorParameters({ by: 'start_time', from, to }), ...more };
  return { report: reportName(kind, product), parameters, root };
}

/** Exactly one selector: what several mean is not documented. Durations of *_time are seconds (API guide). */
function selectorParameters(selector: SessionSelector): Parameters {
  if (selector.by === 'lsids') return { lsids: selector.lsids.join(',') };
  return { [selector.by]: String(selector.from), duration: String(selector.to - selector.from) };
}

/** Of one request. The vendor documents no limit for lsids; the design keeps to this. */
export const MOST_LSIDS = 50;

/** Throws terminal `bad-selector`. */
export function checkSelector(selector: SessionSelector): void {
  if (selector.by !== 'lsids') {
    checkWindow(selector);
    return;
  }
  const { lsids } = selector;
  if (lsids.length >= 1 && lsids.length <= MOST_LSIDS && lsids.every((lsid) => /^[0-9a-z]+$/i.test(lsid)))
    return;
  throw badSelector(`Ask for 1 to ${MOST_LSIDS} sessions by lsid; ${lsids.length} were given.`);
}

/** Throws terminal `bad-selector`. */
export function checkWindow({ from, to }: TimeWindow): void {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to - from >= 1) return;
  throw badSelector(`A window must be whole seconds, at least one: [${from}, ${to}).`);
}

/** Throws terminal `bad-selector`. */
export function checkDate(date: string): void {
  const day = /^\d{4}-\d\d-\d\d$/.test(date) ? new Date(`${date}T00:00:00Z`) : undefined;
  if (day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)) return;
  throw badSelector('A day must be given as YYYY-MM-DD.');
}

export function badSelector(message: string): Failure {
  return new Failure('terminal', 'bad-selector', message);
}

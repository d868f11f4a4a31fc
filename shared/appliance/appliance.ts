/**
 * What the product asks of an appliance. One instance serves one site; it is safe for concurrent calls. A request that the
 * site's product does not have throws terminal `not-of-this-product`. Reports come as sent, not parsed: an error document
 * was recognised and thrown, "nothing found" is `undefined`. `shared/appliance/reports/` reads them.
 */
export interface Appliance {
  /** Product, clock and permissions. With a reporting-only account found through the reporting API. */
  info(call?: CallOptions): Promise<ApplianceInfo>;

  /** AccessSession, SupportSession. */
  sessionReport(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined>;
  /** The listing report: one row per session of the window. */
  sessionListing(selector: SessionWindow, call?: CallOptions): AsyncIterable<SessionListingRow>;
  /**
   * AccessSessionSummary, SupportSessionSummary: totals per user of sessions that began in the window. Nothing found is an
   * empty list. `reportType`: `user` (PRA, the only one), `rep` (RS; others exist but are not documented).
   */
  sessionSummary(
    window: TimeWindow & { readonly reportType: string },
    call?: CallOptions,
  ): Promise<readonly SessionSummary[]>;
  sessionRecording(lsid: string, call?: CallOptions): Promise<FileDownload>;
  /** CommandShellRecording. `instance` counts from 0; `text` is the transcript (`format=txt`). */
  commandShellRecording(
    lsid: string,
    instance: string,
    format: 'video' | 'text',
    call?: CallOptions,
  ): Promise<FileDownload>;
  /** ShowMyScreenRecording (RS). */
  showMyScreenRecording(lsid: string, instance: string, call?: CallOptions): Promise<FileDownload>;
  /** UserRecording (PRA). The guides name the report and no parameter of it; asked for by lsid. */
  userRecording(lsid: string, call?: CallOptions): Promise<FileDownload>;

  /** PresentationSession (RS). */
  presentationReport(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined>;
  /** PresentationSessionListing (RS). */
  presentationListing(selector: SessionWindow, call?: CallOptions): AsyncIterable<SessionListingRow>;
  /** PresentationSessionRecording (RS). */
  presentationRecording(lsid: string, call?: CallOptions): Promise<FileDownload>;

  /** Team (PRA), SupportTeam (RS): who was logged in to a team and what happened in it. All teams without `teamId`. */
  teamActivity(
    window: TimeWindow & { readonly teamId?: string },
    call?: CallOptions,
  ): Promise<ReportBody | undefined>;
  /** VaultAccountActivity. `limit`: `all`, `rep:ID`, `account:ID`. Appliances keep 90 days of it. */
  vaultAccountActivity(
    window: TimeWindow & { readonly limit?: string },
    call?: CallOptions,
  ): Promise<ReportBody | undefined>;
  /**
   * SupportCustExitSurvey, SupportRepExitSurvey (RS): answers of the surveys after a session. Selected by the time the
   * session began (observed), while a survey is answered after the session: a window has all its surveys only when the
   * sessions that began in it are over and answered, so leave it a day or more.
   */
  exitSurvey(
    by: 'customer' | 'representative',
    window: TimeWindow,
    call?: CallOptions,
  ): Promise<ReportBody | undefined>;
  /** LicenseUsage (RS). There are data for times with at least 90 % of the licences in use, and no others. */
  licenseUsage(
    window: TimeWindow & { readonly groupBy: 'hour' | 'day' | 'month' },
    call?: CallOptions,
  ): Promise<ReportBody | undefined>;

  /** EndpointLicenseUsage: a ZIP with `jump_items.csv`. */
  endpointLicenseUsage(call?: CallOptions): Promise<FileDownload>;
  /** Syslog: a ZIP with the current log as text and older parts as `*.gz`. */
  syslog(call?: CallOptions): Promise<FileDownload>;
  /** ArchiveListing (RS) of one day, `YYYY-MM-DD`. Appliances keep the last 7 active days. */
  archiveListing(date: string, call?: CallOptions): Promise<ReportBody | undefined>;
  /** Archive (RS): gzip of JSON. `undefined`: there is none. */
  archive(selector: ArchiveSelector, call?: CallOptions): Promise<FileDownload | undefined>;
  /** JumpItem. What it answers is not documented: given as it comes, but for an error document. */
  jumpItem(call?: CallOptions): Promise<FileDownload | undefined>;

  backup(call?: CallOptions & { readonly password?: string }): Promise<FileDownload>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** Ends the call, and the body that is being read, when it aborts. */
  readonly signal?: AbortSignal;
}

export type Product = 'RS' | 'PRA';

export interface ApplianceInfo {
  readonly product: Product;
  /** Unix seconds, the appliance's clock. */
  readonly now: number;
  /** `command`: get_api_info's timestamp. `date-header`: the HTTP Date header. */
  readonly clock: 'command' | 'date-header';
  /** Absent when the account may not use the command API. */
  readonly apiVersion?: string;
  /** Permission name → value as sent (`1`, `0`, `full_access` …). Absent as above. */
  readonly permissions?: Readonly<Record<string, string>>;
  /** GUID from check_health, where the account may ask. */
  readonly applianceId?: string;
}

/** Half-open [from, to) in Unix seconds of the appliance's clock; `to` − `from` ≥ 1. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

export interface SessionWindow extends TimeWindow {
  /** `end_time`: closed sessions that ended in the window. `start_time`: sessions that began in it, running ones included. */
  readonly by: 'end_time' | 'start_time';
}

export type SessionSelector = SessionWindow | { readonly by: 'lsids'; readonly lsids: readonly string[] };

/** Throws `Failure` while being read: `truncated`, `stalled`, `connection-lost` … Abandoning it ends the connection. */
export interface ReportBody {
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface SessionListingRow {
  readonly lsid: string;
  readonly hasRecording: boolean;
  readonly externalKey: string | null;
}

/** One line of a summary report (API guide). `null` = absent or not readable. */
export interface SessionSummary {
  /** Of the user; unique within `type`. */
  readonly id: string | null;
  /** `user`, `rep` … */
  readonly type: string | null;
  /** The name of today, not the one of then. */
  readonly displayName: string | null;
  readonly totalSessions: number | null;
  readonly averageSessionsPerWeekday: number | null;
  /** `HH:MM:SS`. */
  readonly averageDuration: string | null;
}

export interface ArchiveSelector {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** `state`: every 30 minutes, one object. `event`: every 10 minutes, an object a line. */
  readonly type: 'state' | 'event';
  /** From the listing. */
  readonly index: string;
}

export interface FileDownload {
  /** Sniffed: an XML or HTML document where a file was asked for was thrown as a Failure. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly contentType?: string;
  /** From Content-Disposition, unsafe as it is. */
  readonly fileName?: string;
  /** What can prove that the body is whole. */
  readonly evidence:
    | { readonly kind: 'length'; readonly bytes: number }
    | { readonly kind: 'chunked' }
    | { readonly kind: 'none' };
}

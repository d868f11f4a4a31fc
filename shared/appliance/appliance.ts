/** What the product asks of an appliance. One instance serves one site; it is safe for concurrent calls. */
export interface Appliance {
  /** Product, clock and permissions. With a reporting-only account found through the reporting API. */
  info(call?: CallOptions): Promise<ApplianceInfo>;
  /** The report as sent, not parsed: an error document was recognised and thrown, "nothing found" is `undefined`. */
  sessionReport(selector: SessionSelector, call?: CallOptions): Promise<ReportBody | undefined>;
  /** The listing report: one row per session of the window. */
  sessionListing(selector: SessionWindow, call?: CallOptions): AsyncIterable<SessionListingRow>;
  sessionRecording(lsid: string, call?: CallOptions): Promise<FileDownload>;
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
export interface SessionWindow {
  /** `end_time`: closed sessions that ended in the window. `start_time`: sessions that began in it, running ones included. */
  readonly by: 'end_time' | 'start_time';
  readonly from: number;
  readonly to: number;
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

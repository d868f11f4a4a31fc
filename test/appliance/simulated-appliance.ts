import type { SessionSummary, TimeWindow } from '../../shared/appliance/appliance.ts';
import type {
  ArchiveEntry,
  ExitSurvey,
  LicenseUsageInterval,
  TeamActivityEntry,
  VaultAccountActivity,
} from '../../shared/appliance/reports/index.ts';
import type { Session } from '../../shared/sessions/session.ts';
import type { Operations } from './commands/operations.ts';

/** What `startAppliance` takes. Everything a report shows follows from it: the same options, the same appliance. */
export interface ApplianceOptions {
  readonly product: 'RS' | 'PRA';
  readonly seed: number;
  /** Closed and open sessions together, spread evenly over [from, to). */
  readonly sessions: number;
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
  /** Size of recordings of every kind in bytes: [smallest, largest], chosen by the seed. Default [2_000, 200_000]. */
  readonly recordingBytes?: readonly [number, number];
  readonly backupBytes?: number;
  /** Events per session, roughly. Default 20. */
  readonly events?: number;
  /** Name in the certificate and in URLs. Default `support.example.com` (RS), `access.example.com` (PRA). */
  readonly siteHost?: string;
  /** 0 = any free port. Loopback only. */
  readonly port?: number;
  /** Default: one OAuth account with every permission, one legacy user. */
  readonly accounts?: readonly ApiAccount[];
  readonly apiVersion?: string;
  /** The namespace of replies. Default today's `http://www.beyondtrust.com/sra/namespaces/API/reporting`. */
  readonly namespace?: string;
  /** Token life in seconds, default 3600. */
  readonly tokenSeconds?: number;
  /** How recordings and backups say their size. Default `length`. `none` = neither length nor chunked. */
  readonly bodyFraming?: 'length' | 'chunked' | 'none';
  /** How an empty report looks. Default `error` (what appliances really do). */
  readonly emptyReport?: 'error' | 'empty-list' | 'error-fr';
  /** Names of quirks to leave out, or `plain` for sessions without oddities. Default: all oddities. */
  readonly oddities?: 'all' | 'plain';
  /**
   * URLs inside events (`download_url`, `view_url` of a command shell) carry an access hash too. `stable` (default):
   * the same at each reading, so that `truth` equals what was read. `per-reading`: it changes as the others do;
   * compare through `maskCapabilities` (capabilities.ts).
   */
  readonly eventUrls?: 'stable' | 'per-reading';
  /** How many requests the log keeps, the newest. Default 100,000. */
  readonly logRequests?: number;
  /**
   * The certificate authority to use again (as an earlier appliance's `authority`), so that a restarted appliance
   * keeps its trust anchor.
   */
  readonly authority?: { readonly certificatePem: string; readonly keyPem: string };
}

export interface ApiAccount {
  readonly kind: 'oauth' | 'legacy';
  /** Client id or user name. */
  readonly id: string;
  readonly secret: string;
  /** Names as in get_api_info; default all. `perm_command`: `deny`, `read_only` or `full_access`. */
  readonly permissions?: Readonly<Record<string, string>>;
}

export interface SimulatedAppliance {
  readonly host: string;
  readonly port: number;
  /** `localhost:PORT`, what a site setting takes. */
  readonly address: string;
  /** The accounts it knows, the default ones included. */
  readonly accounts: readonly ApiAccount[];
  readonly caPem: string;
  readonly authority: { readonly certificatePem: string; readonly keyPem: string };
  readonly clock: ApplianceClock;
  readonly faults: FaultPlan;
  readonly withheld: Withheld;
  /** What it sent, newest last. Bodies are kept as SHA-256 per session, not whole. */
  readonly log: readonly SentRequest[];
  /** What the seed says, computed and never held: for tests to compare what is stored. */
  readonly truth: ApplianceTruth;
  /** What commands changed, and what waits for one. */
  readonly operations: Operations;
  /** Cuts every connection and stops. */
  close(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The appliance's own time in Unix seconds. */
export interface ApplianceClock {
  now(): number;
  /** Runs at `rate` times real time from here on. */
  rate(rate: number): void;
  /** Adds seconds, negative too, to the clock once. */
  jump(seconds: number): void;
  set(unixSeconds: number): void;
}

/** What the appliance has and does not give, until it is taken out again. */
export interface Withheld {
  /** lsids of sessions that no report has: one that is committed late. */
  readonly sessions: Set<string>;
  /** Sessions whose report leaves out the recording's URLs, as for an account that may not view recordings. */
  recordingUrls: Set<string> | 'all';
}

export type FaultKind =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'stall'; readonly afterBytes?: number }
  | { readonly kind: 'reset'; readonly afterBytes: number }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly framing: 'length' | 'chunked' | 'none' }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'evict-token' }
  | { readonly kind: 'too-many-requests'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'server-error'; readonly status?: number }
  | { readonly kind: 'html' }
  | {
      readonly kind: 'error-document';
      readonly message?: string;
      readonly attributes?: boolean;
      readonly nested?: boolean;
    }
  | { readonly kind: 'recording-not-ready' }
  | { readonly kind: 'recording-expired' }
  | { readonly kind: 'slow-drip'; readonly bytesPerSecond: number };

/** Faults on order. A fault meets the next requests that match, `times` of them (default 1). */
export interface FaultPlan {
  add(fault: FaultKind, match?: FaultMatch): void;
  clear(): void;
}

export interface FaultMatch {
  /** `token`, `command`, `reporting`, `backup`, `health`, or a report name such as `SupportSessionRecording`. */
  readonly request?: string;
  readonly lsid?: string;
  readonly times?: number;
  /** Let this many matching requests pass first. */
  readonly after?: number;
}

export interface SentRequest {
  /** `token`, `command:get_api_info`, a report's name, `backup`, `health`. */
  readonly request: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly status: number;
  /** A fault that met this request. */
  readonly fault?: string;
  /** For session reports: lsid → SHA-256 (hex) of the `<session>…</session>` bytes as sent in this reply. */
  readonly sessions?: ReadonlyMap<string, string>;
  readonly bytes: number;
}

export interface ApplianceTruth {
  /** Every session there is at appliance time `at` (default now), as a model, in start order. */
  sessions(at?: number): Iterable<SessionTruth>;
  session(lsid: string, at?: number): SessionTruth | undefined;
  /** A recording's content, recomputed. */
  recording(lsid: string): FileTruth | undefined;
  /** Content of the backup that was served last. Each backup differs. */
  readonly lastBackup: FileTruth | undefined;
  /** The same of a session's or presentation's other recordings. `format`: `txt`, else video. `undefined`: there is none. */
  otherRecording(
    kind: 'command-shell' | 'show-my-screen' | 'user' | 'presentation',
    asked: { readonly lsid: string; readonly instance?: string; readonly format?: string },
    at?: number,
  ): FileTruth | undefined;
  /** RS. Every presentation there is at `at`, in start order, as the model that its report is read to. */
  presentations(at?: number): Iterable<Session>;
  /** What reports of the window tell at `at` (default now), in their order. Empty: nothing found. */
  teamActivity(window: TimeWindow & { readonly teamId?: string }, at?: number): readonly TeamActivityEntry[];
  vaultAccountActivity(
    window: TimeWindow & { readonly limit?: string },
    at?: number,
  ): readonly VaultAccountActivity[];
  /** RS. Of sessions that began in the window. */
  exitSurveys(by: 'customer' | 'representative', window: TimeWindow, at?: number): readonly ExitSurvey[];
  /** RS. */
  licenseUsage(
    window: TimeWindow & { readonly groupBy: 'hour' | 'day' | 'month' },
    at?: number,
  ): readonly LicenseUsageInterval[];
  sessionSummary(window: TimeWindow, at?: number): readonly SessionSummary[];
  /** RS. */
  archives(date: string, at?: number): readonly ArchiveEntry[];
  archive(date: string, type: string, index: string, at?: number): FileTruth | undefined;
  /** Content of the ZIP that was served last. Each differs. */
  readonly lastSyslog: FileTruth | undefined;
  readonly lastEndpointLicenseUsage: FileTruth | undefined;
}

export interface FileTruth {
  readonly size: number;
  readonly sha256: string;
}

export interface SessionTruth {
  readonly session: Session;
  readonly state: 'closed' | 'running' | 'abnormal';
  /** Appliance time at which a running session will close; absent for abnormal ones, which never do. */
  readonly closesAt?: number;
  readonly hasRecording: boolean;
}

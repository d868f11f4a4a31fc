import { defaultLegacyAccount, defaultOAuthAccount } from './accounts.ts';
import type { ApiAccount, ApplianceOptions } from './simulated-appliance.ts';

/** The options with every default filled in. */
export interface Settings {
  readonly product: 'RS' | 'PRA';
  readonly seed: number;
  readonly sessions: number;
  readonly from: number;
  readonly to: number;
  readonly recordingBytes: readonly [number, number];
  readonly backupBytes: number;
  readonly events: number;
  readonly siteHost: string;
  readonly port: number;
  readonly accounts: readonly ApiAccount[];
  readonly apiVersion: string;
  readonly namespace: string;
  readonly tokenSeconds: number;
  readonly bodyFraming: 'length' | 'chunked' | 'none';
  readonly emptyReport: 'error' | 'empty-list' | 'error-fr';
  readonly odd: boolean;
  readonly eventUrls: 'stable' | 'per-reading';
  readonly logRequests: number;
}

/** Throws a RangeError with one clear line where an option makes no sense. */
export function resolveOptions(options: ApplianceOptions): Settings {
  const settings: Settings = {
    product: options.product,
    seed: options.seed,
    sessions: options.sessions,
    from: options.from,
    to: options.to,
    recordingBytes: options.recordingBytes ?? [2_000, 200_000],
    backupBytes: options.backupBytes ?? 300_000,
    events: options.events ?? 20,
    siteHost: options.siteHost ?? (options.product === 'RS' ? 'support.example.com' : 'access.example.com'),
    port: options.port ?? 0,
    accounts: options.accounts ?? [defaultOAuthAccount, defaultLegacyAccount],
    apiVersion: options.apiVersion ?? (options.product === 'RS' ? '1.24.1' : '1.25.0'),
    namespace: options.namespace ?? 'http://www.beyondtrust.com/sra/namespaces/API/reporting',
    tokenSeconds: options.tokenSeconds ?? 3600,
    bodyFraming: options.bodyFraming ?? 'length',
    emptyReport: options.emptyReport ?? 'error',
    odd: (options.oddities ?? 'all') === 'all',
    eventUrls: options.eventUrls ?? 'stable',
    logRequests: options.logRequests ?? 100_000,
  };
  if (settings.product !== 'RS' && settings.product !== 'PRA') {
    throw new RangeError(`product: give RS or PRA, not ${String(settings.product)}`);
  }
  const [smallest, largest] = settings.recordingBytes;
  whole('seed', settings.seed, Number.MIN_SAFE_INTEGER);
  whole('sessions', settings.sessions, 0);
  whole('from', settings.from, 0);
  whole('to', settings.to, settings.from + 1);
  whole('recordingBytes, smallest', smallest, 1);
  whole('recordingBytes, largest', largest, smallest);
  whole('backupBytes', settings.backupBytes, 1);
  whole('events', settings.events, 0);
  whole('port', settings.port, 0, 65_535);
  whole('tokenSeconds', settings.tokenSeconds, 1);
  whole('logRequests', settings.logRequests, 0);
  return settings;
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name}: give a whole number from ${least} to ${most}, not ${value}`);
}

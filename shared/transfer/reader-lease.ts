import type { Services } from '../services.ts';
import { StateConflict, stateKey } from '../state/state-store.ts';
import type { SessionReportKind } from '../streams/stream.ts';

/**
 * One reader at a time for what a site's sessions are read from. It belongs to the run, not to the process, so that a
 * run that goes on after a crash still has it. It only saves double work: what protects the data is the watermark.
 */
interface Lease {
  readonly run: string;
  /** Milliseconds, our clock. */
  readonly expires: number;
}

/** What session reports are read under, and presentation reports. */
export function leaseOf(report: SessionReportKind = 'session'): string {
  return report === 'presentation' ? 'presentations' : 'sessions';
}

const LEASE_MS = 15 * 60_000;

/** Takes or renews. False while another run has it. */
export async function takeLease(
  { state, now }: Pick<Services, 'state' | 'now'>,
  siteId: string,
  feed: string,
  run: string,
): Promise<boolean> {
  const key = stateKey('reader', feed);
  const lease: Lease = { run, expires: now() + LEASE_MS };
  for (;;) {
    const entry = await state.get<Lease>('leases', siteId, key);
    if (entry && entry.value.run !== run && entry.value.expires > now()) return false;
    try {
      if (entry) await state.update('leases', siteId, key, lease, entry.etag);
      else await state.insert('leases', siteId, key, lease);
      return true;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

export async function releaseLease(
  { state }: Pick<Services, 'state'>,
  siteId: string,
  feed: string,
  run: string,
): Promise<void> {
  const key = stateKey('reader', feed);
  const entry = await state.get<Lease>('leases', siteId, key);
  if (entry?.value.run !== run) return;
  try {
    await state.remove('leases', siteId, key, entry.etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

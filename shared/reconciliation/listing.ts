import type { SessionWindow } from '../appliance/appliance.ts';
import { withRetry } from '../retry.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import type { Window } from '../transfer/window.ts';
import { type SiteWork, withSlot } from './site-work.ts';

/** lsid → whether it has a recording, of what ended in a window. */
export type Listed = ReadonlyMap<string, { readonly hasRecording: boolean }>;

export function listEnded(at: SiteWork, report: SessionReportKind, window: Window): Promise<Listed> {
  return listed(at, report, { by: 'end_time', ...window });
}

/** What the appliance lists. A listing that was cut short throws and is read again: half a listing would hide a gap. */
export function listed(
  { services, site, signal }: Pick<SiteWork, 'services' | 'site' | 'signal'>,
  report: SessionReportKind,
  selector: SessionWindow,
): Promise<Listed> {
  const appliance = services.appliance(site);
  return withRetry(
    () =>
      withSlot(services, site, signal, async () => {
        const rows =
          report === 'presentation'
            ? appliance.presentationListing(selector, { signal })
            : appliance.sessionListing(selector, { signal });
        const found = new Map<string, { hasRecording: boolean }>();
        for await (const { lsid, hasRecording } of rows) found.set(lsid, { hasRecording });
        return found;
      }),
    { signal },
  );
}

import { withRetry } from '../retry.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import type { Window } from '../transfer/window.ts';
import { type SiteWork, withSlot } from './site-work.ts';

/** lsid → whether it has a recording, of what ended in a window. */
export type Listed = ReadonlyMap<string, { readonly hasRecording: boolean }>;

/** What the appliance lists. A listing that was cut short throws and is read again: half a listing would hide a gap. */
export function listEnded(at: SiteWork, report: SessionReportKind, window: Window): Promise<Listed> {
  const { services, site, signal } = at;
  const appliance = services.appliance(site);
  const selector = { by: 'end_time', ...window } as const;
  return withRetry(
    () =>
      withSlot(services, site, signal, async () => {
        const rows =
          report === 'presentation'
            ? appliance.presentationListing(selector, { signal })
            : appliance.sessionListing(selector, { signal });
        const listed = new Map<string, { hasRecording: boolean }>();
        for await (const { lsid, hasRecording } of rows) listed.set(lsid, { hasRecording });
        return listed;
      }),
    { signal },
  );
}

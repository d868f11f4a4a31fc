import { MOST_LSIDS } from '../appliance/report-questions.ts';
import { readSessionReport } from '../appliance/session-report.ts';
import { withRetry } from '../retry.ts';
import { streamOf } from '../streams/index.ts';
import type { StreamId } from '../streams/stream.ts';
import { type SiteWork, withSlot } from './site-work.ts';

/**
 * Those of the sessions whose report announces a file of the data type. The listing says which sessions have a
 * recording, whoever asks; the report gives its URL only to an account that may view recordings (API guide). When it
 * gives none of a whole request, the rest is not asked for.
 */
export async function announced(
  at: SiteWork,
  streamId: StreamId,
  lsids: readonly string[],
): Promise<Set<string>> {
  const stream = streamOf(streamId);
  if (stream.from !== 'session-report' || stream.content !== 'file')
    throw new Error(`${streamId} is not announced by sessions`);
  const found = new Set<string>();
  const { services, site, signal } = at;
  for (let from = 0; from < lsids.length; from += MOST_LSIDS) {
    const asked = lsids.slice(from, from + MOST_LSIDS);
    const before = found.size;
    await withRetry(
      () =>
        withSlot(services, site, signal, async () => {
          const selector = { by: 'lsids', lsids: asked } as const;
          const body = await services.appliance(site).sessionReport(selector, { signal });
          if (!body) return;
          for await (const { session } of readSessionReport(body.chunks))
            if (stream.items(session, {}).length > 0) found.add(session.lsid);
        }),
      { signal },
    );
    if (found.size === before && asked.length === MOST_LSIDS) break;
  }
  return found;
}

import { randomUUID } from 'node:crypto';
import type { ReportBody, SessionSelector } from '../appliance/appliance.ts';
import { checkReport } from '../appliance/checked-report.ts';
import { presentationShape } from '../appliance/reports/presentations.ts';
import { Failure } from '../errors.ts';
import { withRetry } from '../retry.ts';
import type { Services } from '../services.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import { leaseOf, takeLease } from './reader-lease.ts';
import { holdSlot } from './slots.ts';
import { type Outcome, type Work, work } from './work.ts';

export interface ReadInput {
  readonly runId: string;
  readonly siteId: string;
  readonly selector: SessionSelector;
  /** Absent: sessions. */
  readonly report?: SessionReportKind;
}

export interface ReadReport {
  /** Name of the staged copy; absent when nothing was found. */
  readonly staged?: string;
  readonly sessions: number;
  /** The window held too much for one piece: nothing was staged, read it in halves. */
  readonly tooLarge: boolean;
  /** Our clock when the reading began, milliseconds: two readings of a session are put in order by it. */
  readonly readAt: number;
}

/** How much one piece of work reads at most, in bytes. */
const LARGEST_SLICE = 256 * 1024 * 1024;

/** Raised through the stream when a slice proves too large and could be halved. */
class TooLarge extends Error {}

/**
 * Reads one slice and keeps it as it was sent. It counts as read only when the report's end tag has come: every byte
 * goes through the reader on its way into staging.
 */
export function readReport(
  services: Services,
  input: ReadInput,
  largest = LARGEST_SLICE,
): Promise<Outcome<ReadReport>> {
  return work(services, input, async (at) => {
    // A long back-fill renews the lease slice by slice. If another run has it by now, both read: no harm is done.
    await takeLease(services, at.site.id, leaseOf(input.report), at.run.id);
    const slot = await holdSlot(services, at.site, at.signal);
    try {
      return await withRetry(
        async () => {
          await slot.take(at.signal);
          const readAt = services.now();
          const body = await ask(at, input);
          if (!body) return { sessions: 0, tooLarge: false, readAt };
          return { ...(await stage(at, input, body, largest)), readAt };
        },
        { signal: at.signal },
      );
    } finally {
      await slot.release();
    }
  });
}

function ask({ services, site, signal }: Work, { selector, report }: ReadInput) {
  const appliance = services.appliance(site);
  return report === 'presentation'
    ? appliance.presentationReport(selector, { signal })
    : appliance.sessionReport(selector, { signal });
}

async function stage(
  at: Work,
  { runId, selector, report: kind }: ReadInput,
  body: ReportBody,
  largest: number,
): Promise<Omit<ReadReport, 'readAt'>> {
  // A name of its own for each attempt: a repeat that overlaps never swaps the bytes under a writer.
  const staged = `${runId}/${randomUUID()}.xml`;
  const halvable = selector.by !== 'lsids' && selector.to - selector.from > 1;
  const { name, host } = at.site;
  const report = checkReport(
    halvable ? bounded(body.chunks, largest, at) : body.chunks,
    `${name} (${host})`,
    kind === 'presentation' ? presentationShape : undefined,
  );
  try {
    await at.services.staging.write(staged, report);
    if (kind === 'presentation' && report.sessions === 0) throw unknownReport(`${name} (${host})`);
    return { staged, sessions: report.sessions, tooLarge: false };
  } catch (error) {
    if (error instanceof TooLarge) return { sessions: 0, tooLarge: true };
    throw error;
  }
}

/** Its elements are unverified: better a failure that is seen than presentations that are passed over. */
function unknownReport(where: string): Failure {
  const message = `${where}: the presentation report has content, and nothing in it has an lsid.`;
  return new Failure('transient', 'unexpected-document', message);
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  largest: number,
  at: Work,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > largest || at.timeIsUp()) throw new TooLarge('more than one piece of work can read');
    yield chunk;
  }
}

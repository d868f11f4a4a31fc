import type { Appliance, FileDownload, ReportBody } from '../appliance/appliance.ts';
import { checkDocument } from '../appliance/checked-document.ts';
import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Site } from '../settings/site.ts';
import { askSite } from './at-site.ts';

/** The platform holds an answer in memory whole. Bytes. */
export const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

type Ask<T> = (appliance: Appliance, signal: AbortSignal) => T;

/**
 * Rows of a report as JSON: `{ rows, complete }`, as many as were asked for and an answer holds. With `complete` the
 * report was read to its end tag; else there is more.
 */
export function answerRows(
  services: Services,
  site: Site,
  most: number,
  ask: Ask<Promise<AsyncIterable<unknown> | undefined>>,
): Promise<Response> {
  return askSite(services, site, async (signal) => {
    const rows: string[] = [];
    let bytes = 0;
    let complete = true;
    for await (const row of (await ask(services.appliance(site), signal)) ?? []) {
      const text = JSON.stringify(row);
      bytes += Buffer.byteLength(text) + 1;
      if (rows.length >= most || bytes > MOST_ANSWER_BYTES - 100) {
        complete = false;
        break;
      }
      rows.push(text);
    }
    const body = `{"rows":[${rows.join(',')}],"complete":${complete}}`;
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  });
}

/** A report as the appliance sent it, read to its end tag. 204: nothing found. */
export function answerXml(
  services: Services,
  site: Site,
  ask: Ask<Promise<ReportBody | undefined>>,
): Promise<Response> {
  return askSite(services, site, async (signal) => {
    const report = await ask(services.appliance(site), signal);
    if (!report) return new Response(null, { status: 204 });
    const bytes = await bytesOf(checkDocument(report.chunks, `Site "${site.name}" (${site.host})`), site);
    return new Response(bytes, { headers: { 'content-type': 'application/xml' } });
  });
}

/** A file as the appliance sent it. 404 where there is none. */
export function answerFile(
  services: Services,
  site: Site,
  name: string,
  ask: Ask<Promise<FileDownload | undefined>>,
): Promise<Response> {
  return askSite(services, site, async (signal) => {
    const file = await ask(services.appliance(site), signal);
    if (!file) throw new Failure('terminal', 'not-found', `Site "${site.name}" has no such ${name}.`);
    const bytes = await bytesOf(file.chunks, site);
    if (file.evidence.kind === 'length' && file.evidence.bytes !== bytes.length)
      throw new Failure(
        'transient',
        'truncated',
        `Site "${site.name}": ${bytes.length} bytes came, ${file.evidence.bytes} were announced; ask again.`,
      );
    return new Response(bytes, {
      headers: {
        'content-type': 'application/octet-stream',
        // The appliance's own name for it is not to be trusted.
        'content-disposition': `attachment; filename="${name}"`,
        'x-content-type-options': 'nosniff',
      },
    });
  });
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>, { name }: Site): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES)
      throw new Failure(
        'terminal',
        'answer-too-large',
        `Site "${name}": the report has more than ${MOST_ANSWER_BYTES} bytes; ask for less time, or pull it to a destination.`,
      );
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

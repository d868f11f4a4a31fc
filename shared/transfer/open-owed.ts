import { checkDocument } from '../appliance/checked-document.ts';
import type { FileDescription, FileStream } from '../streams/stream.ts';
import type { Download } from './fetch-file.ts';
import type { Work } from './work.ts';

/** Asks the appliance for an owed file. `undefined`: a report of a stretch of time in which there was nothing. */
export async function openOwed(
  { services, site, signal }: Work,
  stream: FileStream,
  item: FileDescription,
): Promise<Download | undefined> {
  const appliance = services.appliance(site);
  switch (stream.from) {
    case 'session-report':
      return stream.open(appliance, item, { signal });
    case 'snapshot': {
      const secret = stream.protectable ? site.backupPassword : undefined;
      const password = secret === undefined ? {} : { password: await services.secrets.get(secret) };
      return stream.open(appliance, item, { signal, ...password });
    }
    case 'bucket': {
      if (!item.window) throw new Error(`${stream.id} ${item.key} has no window`);
      const report = await stream.open(appliance, item, item.window, { signal });
      if (!report) return undefined;
      const chunks = checkDocument(report.chunks, `${site.name} (${site.host})`);
      return { chunks, contentType: 'application/xml', evidence: { kind: 'end-tag' } };
    }
  }
}

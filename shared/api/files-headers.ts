import type { StoredFile } from '../destinations/destination.ts';

const types: Readonly<Record<string, string>> = {
  xml: 'application/xml',
  txt: 'text/plain; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  zip: 'application/zip',
  flv: 'video/x-flv',
  mp4: 'video/mp4',
  webm: 'video/webm',
};

export function etagOf({ sha256 }: Pick<StoredFile, 'sha256'>): string {
  return `"${sha256}"`;
}

/** What every answer about a file's content says. A browser keeps it as a file and never shows it as a page. */
export function contentHeaders(file: StoredFile): Record<string, string> {
  const { name, sha256, storedAt } = file;
  return {
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'content-disposition': disposition(name.slice(name.lastIndexOf('/') + 1)),
    'content-security-policy': "default-src 'none'; sandbox",
    'content-type': types[extensionOf(name)] ?? 'application/octet-stream',
    etag: etagOf(file),
    'last-modified': new Date(storedAt).toUTCString(),
    // RFC 9530: of the whole file, whatever part of it this is.
    'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    'x-content-type-options': 'nosniff',
  };
}

function extensionOf(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** RFC 6266: in letters for old programs, and as it is for others. */
function disposition(name: string): string {
  const plain = name.replaceAll(/[^\w .()+,@-]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

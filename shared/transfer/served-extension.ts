import type { FileDownload } from '../appliance/appliance.ts';

const extensions: Readonly<Record<string, string>> = {
  'video/x-flv': 'flv',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/x-matroska': 'mkv',
  'video/quicktime': 'mov',
  'application/zip': 'zip',
  'application/x-zip-compressed': 'zip',
  'text/plain': 'txt',
};

/** The extension of what the appliance says it sends: of its file name, else by Content-Type, else the guide's. */
export function servedExtension(
  download: Pick<FileDownload, 'fileName' | 'contentType'>,
  guide: string,
): string {
  const named = /\.([A-Za-z0-9]{1,8})$/.exec(download.fileName ?? '')?.[1];
  const type = download.contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return named?.toLowerCase() ?? extensions[type] ?? guide;
}

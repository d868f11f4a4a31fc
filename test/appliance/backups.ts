import { backupHeader, fileSha256, madeFile } from './file-bytes.ts';
import type { Settings } from './options.ts';
import type { Reply, ReplyBody } from './reply.ts';

export interface Backups {
  /** The next backup; no two are the same. */
  next(password: string | undefined): Reply;
  readonly last: { readonly size: number; readonly sha256: string } | undefined;
}

export function createBackups(settings: Settings): Backups {
  let serial = 0;
  let body: ReplyBody | undefined;
  return {
    next(password) {
      serial++;
      body = madeFile(
        `backup ${settings.seed} ${serial} ${password ?? ''}`,
        backupHeader,
        settings.backupBytes,
      );
      return {
        status: 200,
        contentType: 'application/octet-stream',
        headers: { 'Content-Disposition': `attachment; filename="${settings.siteHost}-${serial}.nsb"` },
        body,
        framing: settings.bodyFraming,
      };
    },
    get last() {
      return body && { size: settings.backupBytes, sha256: fileSha256(body) };
    },
  };
}

import { Failure, type FailureKind } from '../errors.ts';
import { firstCharacter } from './api-caller.ts';
import type { FileDownload } from './appliance.ts';
import { saysRecordingExpired } from './error-document.ts';
import { documentWords } from './error-reply.ts';
import type { Reply } from './transport.ts';

/** How a document in place of the file is reported. */
export interface FileRefusal {
  readonly kind: FailureKind;
  readonly code: string;
  /** Site, host and what was asked for. */
  readonly what: string;
  badLogin(words: string): Failure | undefined;
}

/**
 * A reply that should be a file. Error documents come with status 200 (observed): what starts like XML or HTML is never
 * saved. Its text may be in any language, so only one known text is told apart: a recording that has expired.
 */
export async function openFile(reply: Reply, refusal: FileRefusal): Promise<FileDownload> {
  const { headers, body } = reply;
  try {
    const first = await firstCharacter(body);
    const contentType = headers['content-type'];
    const isText = /^\s*(text\/(html|xml)|application\/(xml|json|xhtml\+xml))\b/i.test(contentType ?? '');
    if (first === '<' || isText) throw await refused(reply, refusal);
    // Nothing at all, or nothing but blanks.
    if (first === undefined) throw new Failure(refusal.kind, refusal.code, `${refusal.what} came empty.`);
    const fileName = fileNameOf(headers['content-disposition']);
    return {
      chunks: body,
      evidence: body.evidence,
      ...(contentType === undefined ? {} : { contentType }),
      ...(fileName === undefined ? {} : { fileName }),
    };
  } catch (error) {
    body.drop();
    throw error;
  }
}

async function refused({ body }: Reply, { kind, code, what, badLogin }: FileRefusal): Promise<Failure> {
  const words = documentWords((await body.small()).toString('utf8'));
  const login = badLogin(words);
  if (login !== undefined) return login;
  if (saysRecordingExpired(words)) {
    return new Failure('item', 'recording-expired', `${what} has expired on the appliance: ${words}`);
  }
  return new Failure(kind, code, `${what} was refused: ${words === '' ? 'no reason was given.' : words}`);
}

/** RFC 6266: `filename*` before `filename`. Unsafe as it is. */
export function fileNameOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      // Not what it says it is; the plain form may still be there.
    }
  }
  const [, quoted, bare] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? bare;
}

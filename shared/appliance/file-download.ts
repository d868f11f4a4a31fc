import { Failure, type FailureKind } from '../errors.ts';
import type { FileDownload } from './appliance.ts';
import { saysNothingFound, saysRecordingExpired } from './error-document.ts';
import { type FileForm, judgeFile } from './file-form.ts';
import type { Reply } from './transport.ts';

/** How a document in place of the file is reported. */
export interface FileRefusal {
  readonly kind: FailureKind;
  readonly code: string;
  /** Site, host and what was asked for. */
  readonly what: string;
  /** "Nothing found" in a known text is reported as `nothing-found`. */
  readonly orNothing?: boolean;
  badLogin(words: string): Failure | undefined;
}

/**
 * A reply that should be a file. Error documents come with status 200 (observed), in any language: what does not look
 * like the file is never given out (file-form.ts). One known text is told apart: a recording that has expired.
 */
export async function openFile(reply: Reply, refusal: FileRefusal, form: FileForm): Promise<FileDownload> {
  const { headers, body } = reply;
  try {
    const contentType = headers['content-type'];
    const verdict = await judgeFile(form, body, contentType, refusal.what);
    if (verdict.is === 'document') throw refused(verdict.words, refusal);
    if (verdict.is === 'empty') throw new Failure(refusal.kind, refusal.code, `${refusal.what} came empty.`);
    if (verdict.is === 'other')
      throw new Failure(refusal.kind, 'unexpected-document', `${refusal.what} is no ${verdict.expected}.`);
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

function refused(words: string, { kind, code, what, orNothing, badLogin }: FileRefusal): Failure {
  const login = badLogin(words);
  if (login !== undefined) return login;
  if (saysRecordingExpired(words)) {
    return new Failure('item', 'recording-expired', `${what} has expired on the appliance: ${words}`);
  }
  if (orNothing === true && saysNothingFound(words))
    return new Failure('item', 'nothing-found', `${what}: ${words}`);
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

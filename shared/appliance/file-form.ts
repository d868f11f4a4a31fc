import { gunzipSync, constants as zlib } from 'node:zlib';
import { firstCharacter, startOf } from './api-caller.ts';
import { documentWords } from './error-reply.ts';
import type { ReplyBody } from './reply-body.ts';
import { readReportHead } from './report-head.ts';

/**
 * What a file is known by. `any`: anything that is no text document. `text`: a transcript, which may hold any text.
 * `document`: not documented, so anything but an error document.
 */
export type FileForm = 'any' | 'text' | 'zip' | 'gzip' | 'document';

export type FileVerdict =
  | { readonly is: 'file' }
  /** Nothing at all, or nothing but blanks. */
  | { readonly is: 'empty' }
  /** A document in its place, with its words. */
  | { readonly is: 'document'; readonly words: string }
  | { readonly is: 'other'; readonly expected: string };

const FILE: FileVerdict = { is: 'file' };
const DOCUMENT_TYPE = /^\s*(text\/(html|xml)|application\/(xml|json|xhtml\+xml))\b/i;
const WEB_PAGE_TYPE = /^\s*(text\/html|application\/(json|xhtml\+xml))\b/i;
const MOST_START = 4096;

/** Looks at the start of a body; it can then be read whole. */
export async function judgeFile(
  form: FileForm,
  body: ReplyBody,
  contentType: string | undefined,
  what: string,
): Promise<FileVerdict> {
  switch (form) {
    case 'text':
      return judgeTranscript(body, contentType);
    case 'document':
      return judgeDocument(body, what);
    default:
      break;
  }
  const first = await firstCharacter(body);
  const isDocument = first === '<' || DOCUMENT_TYPE.test(contentType ?? '');
  if (isDocument) return { is: 'document', words: await wordsOf(body) };
  if (first === undefined) return { is: 'empty' };
  if (form === 'any') return FILE;
  const start = await startOf(body, MOST_START);
  return form === 'zip' ? judgeZip(start) : judgeGzip(start);
}

/** A member's header, or the end of a ZIP without members. */
function judgeZip(start: Buffer): FileVerdict {
  const isZip = ['504b0304', '504b0506'].includes(start.toString('hex', 0, 4));
  return isZip ? FILE : { is: 'other', expected: 'ZIP file' };
}

/** An error document comes compressed too (observed). */
function judgeGzip(start: Buffer): FileVerdict {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return { is: 'other', expected: 'gzip file' };
  let text: string;
  try {
    // What is there of it: a start alone is cut.
    text = gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: MOST_UNPACKED }).toString(
      'utf8',
    );
  } catch {
    // Unpacks to more than an error document is long, or is broken: then its reader says so.
    return FILE;
  }
  return /^[\s\uFEFF]*</.test(text) ? { is: 'document', words: documentWords(text) } : FILE;
}

const MOST_UNPACKED = 4 * 1024 * 1024;

const ERROR_START = /^<(?:[\w.-]{1,100}:)?error[\s/>]/;
const PAGE_START = /^<(?:!doctype\s+html|html)[\s>]/i;

/** The text from its first tag that is no declaration, instruction or comment. */
function fromFirstTag(text: string): string {
  let at = 0;
  for (;;) {
    while (/[\s\uFEFF]/.test(text.charAt(at))) at++;
    const end = text.startsWith('<?', at) ? '?>' : text.startsWith('<!--', at) ? '-->' : undefined;
    if (end === undefined) return text.slice(at);
    const to = text.indexOf(end, at + 2);
    if (to < 0) return '';
    at = to + end.length;
  }
}

async function judgeTranscript(body: ReplyBody, contentType: string | undefined): Promise<FileVerdict> {
  const start = await startOf(body, MOST_START);
  if (start.length === 0) return { is: 'empty' };
  const text = fromFirstTag(start.toString('utf8'));
  const isDocument = ERROR_START.test(text) || PAGE_START.test(text) || WEB_PAGE_TYPE.test(contentType ?? '');
  return isDocument ? { is: 'document', words: await wordsOf(body) } : FILE;
}

async function judgeDocument(body: ReplyBody, what: string): Promise<FileVerdict> {
  const first = await firstCharacter(body);
  if (first === undefined) return { is: 'empty' };
  if (first !== '<') return FILE;
  const head = await readReportHead(body, undefined, what);
  return head.kind === 'error' ? { is: 'document', words: head.words } : FILE;
}

async function wordsOf(body: ReplyBody): Promise<string> {
  return documentWords((await body.small()).toString('utf8'));
}

import { saysNothingFound, shownWords } from '../appliance/error-document.ts';
import type { ReportRoot } from '../appliance/row-parser.ts';
import type { ByteWindow } from './byte-window.ts';
import { blankBetween, type Tag } from './xml-tokens.ts';

/** What a declaration, a web page's doctype or an error's words are looked for in. Bytes. */
export const LOOK = 1000;
/** A root's start tag travels in the history of a run. */
const LONGEST_ROOT = 4096;
const encodings = /^(utf-?8|us-ascii|ascii)$/i;

/** What a document is by its root. `session`: one without a list around it; it is given a list's root. */
export type DocumentStart =
  | { readonly kind: 'list' | 'session'; readonly root: ReportRoot }
  | { readonly kind: 'empty' }
  | { readonly kind: 'nothing-found' }
  | { readonly kind: 'refused'; readonly reason: string };

export function documentStart(tag: Tag, window: ByteWindow): DocumentStart {
  const refused = (reason: string) => ({ kind: 'refused', reason }) as const;
  switch (tag.local) {
    case 'session':
      return { kind: 'session', root: { name: 'session_list', startTag: '<session_list>' } };
    case 'session_list': {
      const startTag = window.text(tag.from, tag.to);
      if (startTag.length > LONGEST_ROOT) return refused('its root tag is too long');
      return tag.empty ? { kind: 'empty' } : { kind: 'list', root: { name: tag.name, startTag } };
    }
    case 'error': {
      const words = errorWords(tag, window);
      if (saysNothingFound(words)) return { kind: 'nothing-found' };
      return refused(`it is an error of the appliance: ${words}`);
    }
  }
  if (tag.local.toLowerCase() === 'html') return refused('it is a web page');
  return refused(`its root element is ${shownWords(tag.name)}: it is no report of sessions (session_list)`);
}

/** The text behind the start tag of an error. */
export function errorWords({ to }: Tag, window: ByteWindow): string {
  const end = window.bytes.indexOf('<', to);
  return shownWords(window.text(to, end < 0 ? to + LOOK : end));
}

/** Why what stands between here and a document's first markup is refused. `from`: of the markup. */
export function refusedBefore(window: ByteWindow, from: number, isFirst: boolean): string | undefined {
  const { bytes } = window;
  let begin = window.position;
  if (window.at === 0) {
    const [a = 1, b = 1, c] = bytes;
    if ((a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || a === 0 || b === 0)
      return 'it is encoded in UTF-16 or UTF-32; save it in UTF-8';
    // A byte order mark.
    if (a === 0xef && b === 0xbb && c === 0xbf) begin = 3;
  }
  if (blankBetween(bytes, begin, from)) return undefined;
  return isFirst ? 'it is no XML' : 'something stands behind the end of the report';
}

/** Why a declaration, if this is one, is refused. Positions are those of the window's bytes. */
export function refusedEncoding({ bytes }: ByteWindow, from: number, to: number): string | undefined {
  const text = bytes.toString('latin1', from, Math.min(to, from + LOOK));
  const encoding = /^<\?xml\s[^>]*\bencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
  if (encoding === undefined || encodings.test(encoding)) return undefined;
  return `it is encoded in ${shownWords(encoding)}; only UTF-8 is read`;
}

/** Why a DOCTYPE is refused. */
export function refusedDoctype({ bytes }: ByteWindow, from: number): string {
  const text = bytes.toString('latin1', from, from + LOOK);
  return /^<!doctype\s+html/i.test(text) ? 'it is a web page' : 'it has a DOCTYPE, which is not accepted';
}

import { Failure } from '../errors.ts';
import { shownWords } from './error-document.ts';
import type { ReplyBody } from './reply-body.ts';
import { overLimit } from './report-limits.ts';
import { localName, parsing, strictParser } from './strict-xml.ts';
import { Utf8Text } from './utf8-text.ts';

/** What a report turns out to be, before it is read. */
export type ReportHead =
  /** It has at least one element; read it. */
  | { readonly kind: 'rows' }
  /** The list is there and empty. */
  | { readonly kind: 'empty' }
  /** An `error` element, as root or as the first in the list, with the appliance's words. */
  | { readonly kind: 'error'; readonly words: string };

const MOST_BYTES = 1024 * 1024;
const MOST_WORDS = 4000;

/**
 * Looks ahead into a report as far as is needed to tell what it is; the body can then be read from its start. Errors are
 * known by their structure: any namespace, attributes, language.
 * @param root the list's element; `undefined`: not known, any but an error's or a web page's
 * @param what for messages
 */
export async function readReportHead(
  body: ReplyBody,
  root: string | undefined,
  what: string,
): Promise<ReportHead> {
  const head = new HeadParser(root, what);
  const utf8 = new Utf8Text();
  let size = 0;
  for await (const chunk of body.lookAhead()) {
    size += chunk.length;
    if (size > MOST_BYTES) throw overLimit('nothing but comments and blanks came at its start');
    head.write(utf8.decode(chunk));
    if (head.verdict !== undefined) return head.verdict;
  }
  head.write(utf8.end());
  if (head.verdict === undefined)
    throw new Failure('transient', 'truncated', `The answer to ${what} ended early.`);
  return head.verdict;
}

class HeadParser {
  verdict: ReportHead | undefined;
  readonly #root: string | undefined;
  readonly #what: string;
  readonly #parser = strictParser();
  #depth = 0;
  #errorDepth = 0;
  #words = '';
  #error: string | undefined;

  constructor(root: string | undefined, what: string) {
    this.#root = root;
    this.#what = what;
    this.#parser.on('opentag', ({ name }) => this.#open(localName(name)));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
  }

  write(text: string): void {
    try {
      parsing(() => this.#parser.write(text));
    } catch (error) {
      // What follows the first row belongs to the reader; so does its complaint.
      if (this.verdict?.kind !== 'rows') throw this.#asPage(error, text);
    }
  }

  #open(name: string): void {
    this.#depth++;
    if (this.verdict !== undefined || this.#errorDepth > 0) return;
    if (this.#depth === 1) {
      if (name === 'error') this.#errorDepth = 1;
      else if (this.#root === undefined ? name.toLowerCase() === 'html' : name !== this.#root)
        throw this.#unexpected(`its root element is ${shownWords(name)}`);
    } else if (name === 'error' && this.#error === undefined) this.#errorDepth = this.#depth;
    else this.verdict = { kind: 'rows' };
  }

  #close(): void {
    if (this.#depth === this.#errorDepth) {
      this.#error = shownWords(this.#words);
      this.#errorDepth = 0;
    }
    this.#depth--;
    // An error counts when the document around it is whole: sessions may follow it, and then it is not alone.
    if (this.#depth > 0 || this.verdict !== undefined) return;
    this.verdict = this.#error === undefined ? { kind: 'empty' } : { kind: 'error', words: this.#error };
  }

  #text(text: string): void {
    if (this.#errorDepth > 0 && this.#words.length < MOST_WORDS) this.#words += text;
  }

  /** A web page where a report was expected: a proxy's, a sign-in page, an API that is switched off. */
  #asPage(error: unknown, text: string): unknown {
    return this.#depth === 0 && /<!doctype\s+html/i.test(text) ? this.#unexpected('it is a web page') : error;
  }

  #unexpected(why: string): Failure {
    const advice = 'check Host, and that the XML API is enabled (/login > Management > API Configuration)';
    return new Failure(
      'transient',
      'unexpected-document',
      `The answer to ${this.#what} is not the report: ${why}; ${advice}.`,
    );
  }
}

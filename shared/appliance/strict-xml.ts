import { SaxesParser } from 'saxes';
import { Failure } from '../errors.ts';
import { shownWords } from './error-document.ts';
import { unsupportedEncoding } from './utf8-text.ts';

/**
 * A streaming parser for untrusted documents: no DOCTYPE, so no entities; UTF-8 only. Namespaces are off: they cost half
 * the speed, and replies come under several. Positions in messages are of no use to anybody. XML 1.0 rules hold whatever
 * is declared, since 1.1 would let control characters in.
 */
export function strictParser(): SaxesParser {
  const parser = new SaxesParser({ position: false, forceXMLVersion: true, defaultXMLVersion: '1.0' });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(utf-?8|us-ascii|ascii)$/i.test(encoding))
      throw unsupportedEncoding(encoding);
  });
  parser.on('doctype', () => {
    throw new Failure('transient', 'malformed-report', 'The report has a DOCTYPE, which is not accepted.');
  });
  return parser;
}

interface SaxesInternals {
  pushAttrib(name: string, value: string): void;
  processAttribs(): void;
}

/**
 * For a reader that takes attributes one by one: the parser then makes no object for each attribute and gathers none for
 * each tag, which costs an eighth of the reader's speed and more. There it also looks for duplicates; that is done here
 * instead. It has no option for this, so the two steps are replaced (saxes 6.0.0, pinned; a test holds the check).
 */
export function withPlainAttributes(
  parser: SaxesParser,
  onAttribute: (name: string, value: string) => void,
): SaxesParser {
  const internals = parser as unknown as SaxesInternals;
  const names: string[] = [];
  let count = 0;
  internals.pushAttrib = (name, value) => {
    for (let i = 0; i < count; i++) if (names[i] === name) throw new Error('duplicate attribute.');
    names[count++] = name;
    onAttribute(name, value);
  };
  internals.processAttribs = () => {
    count = 0;
  };
  return parser;
}

/** Runs a step of parsing; what the parser throws becomes `malformed-report`. */
export function parsing(step: () => unknown): void {
  try {
    step();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const words = error instanceof Error ? shownWords(error.message) : 'unknown';
    const message = `The report is not well-formed XML: ${words}`;
    throw new Failure('transient', 'malformed-report', message, { cause: error });
  }
}

export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

import type { SaxesParser } from 'saxes';
import { Failure } from '../errors.ts';
import type { XmlElement } from '../sessions/xml-element.ts';
import { ElementNames } from './element-names.ts';
import { saysNothingFound, shownWords } from './error-document.ts';
import { overLimit, type ReportLimits } from './report-limits.ts';
import { SessionBuilder } from './session-builder.ts';
import { parsing, strictParser, withPlainAttributes } from './strict-xml.ts';

/** How the report's root was sent. */
export interface ReportRoot {
  /** With its prefix. */
  readonly name: string;
  readonly startTag: string;
}

const ERROR_WORDS = 4000;

/** What one kind of report has for rows. May keep what it saw of the elements around them: one use. */
export interface RowShape<Row> {
  /** `a session report`, for messages. */
  readonly report: string;
  /** `a session`, `sessions`, for messages. */
  readonly row: string;
  readonly rows: string;
  /** Any but `error` where no source names the root. */
  isRoot(name: string): boolean;
  /**
   * An element outside rows: whether a row begins here. Depth 2 is below the root. Local names and values in turn.
   * Throws for one that is in the wrong place.
   */
  begins(name: string, attributes: readonly string[] | undefined, depth: number): boolean;
  /** A row made of the start tag of an element that has rows in it. Asked for each element outside rows. */
  around?(name: string, attributes: readonly string[] | undefined, depth: number): Row | undefined;
  /**
   * The row, whole. `undefined`: nothing to give out.
   * @param xml as sent
   * @param hash SHA-256 (hex) of its canonical form
   */
  read(element: XmlElement, xml: string, hash: string): Row | undefined;
}

/** Text in, rows out. Synchronous; one use. */
export class RowParser<Row> {
  root: ReportRoot | undefined;
  readonly #shape: RowShape<Row>;
  readonly #limits: ReportLimits;
  readonly #parser: SaxesParser;
  readonly #names = new ElementNames();
  readonly #builder = new SessionBuilder();
  #ready: Row[] = [];
  #attributes: string[] | undefined;
  /** How the names of `#attributes` stand in the canonical form. Used again for each element. */
  readonly #attributeForms: string[] = [];
  #attributeCount = 0;
  #depth = 0;
  #rootEnded = false;
  /** Depth of the `error` element that is being read, 0 = none. */
  #errorDepth = 0;
  #errorWords = '';
  #rows = 0;
  #nothingFound = false;
  /** Elements of the open row whose content is wanted as sent. */
  #kept: XmlElement[] = [];
  /** Text as sent: of the row that is open, or of the tag that is not whole yet. */
  #held = '';
  #heldFrom = 0;
  #rowFrom = 0;
  /** Events seen, and text taken in without one. */
  #events = 0;
  #silent = 0;

  constructor(shape: RowShape<Row>, limits: ReportLimits) {
    this.#shape = shape;
    this.#limits = limits;
    const parser = withPlainAttributes(strictParser(), (name, value) => this.#attribute(name, value));
    parser.on('opentag', ({ name }) => this.#openTag(name));
    parser.on('closetag', () => this.#closeTag());
    parser.on('text', (text) => this.#text(text));
    parser.on('cdata', (text) => this.#text(text));
    this.#parser = parser;
  }

  write(text: string): void {
    if (text === '') return;
    this.#hold(text);
    const events = this.#events;
    parsing(() => this.#parser.write(text));
    this.#silent = events === this.#events ? this.#silent + text.length : 0;
    if (this.#silent > this.#limits.textLength) {
      throw overLimit(`a text is longer than ${this.#limits.textLength} characters`);
    }
  }

  /** The rows that became whole since the last call. */
  take(): readonly Row[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }

  /** Says that nothing comes any more. Throws unless the report is complete. */
  end(): void {
    if (!this.#rootEnded) {
      const where =
        this.root === undefined ? 'before its root element' : `after ${this.#rows} ${this.#shape.rows}`;
      throw new Failure('transient', 'truncated', `The report ended early, ${where}.`);
    }
    parsing(() => this.#parser.close());
  }

  /** Keeps what may still be needed as sent and adds the new text. */
  #hold(text: string): void {
    let keep: number;
    if (this.#builder.isOpen) {
      keep = this.#rowFrom - this.#heldFrom;
      if (this.#held.length - keep > this.#limits.sessionLength) throw this.#rowTooLong();
    } else {
      // A tag that is not whole yet begins at the last `<`: within a tag there is no other.
      const tag = this.#held.lastIndexOf('<');
      keep = tag < 0 ? this.#held.length : tag;
    }
    this.#heldFrom += keep;
    this.#held = (keep === 0 ? this.#held : this.#held.slice(keep)) + text;
  }

  #attribute(name: string, value: string): void {
    if (++this.#attributeCount > this.#limits.attributesPerElement) {
      throw overLimit(`an element has more than ${this.#limits.attributesPerElement} attributes`);
    }
    this.#events++;
    if (value.length > this.#limits.textLength) {
      throw overLimit(`an attribute is longer than ${this.#limits.textLength} characters`);
    }
    const known = this.#names.get(name);
    if (known.isNamespace) return;
    const before = this.#attributes;
    // Two attributes are the most common; a push would make room for twenty.
    if (before === undefined) {
      this.#attributes = [known.local, value];
      this.#attributeForms[0] = known.attribute;
    } else if (before.length === 2) {
      this.#attributes = [before[0] ?? '', before[1] ?? '', known.local, value];
      this.#attributeForms[1] = known.attribute;
    } else {
      this.#attributeForms[before.length / 2] = known.attribute;
      before.push(known.local, value);
    }
  }

  #openTag(sentName: string): void {
    this.#events++;
    if (++this.#depth > this.#limits.depth)
      throw overLimit(`elements stand more than ${this.#limits.depth} deep`);
    const attributes = this.#attributes;
    this.#attributes = undefined;
    this.#attributeCount = 0;
    const name = this.#names.get(sentName);
    if (this.#builder.isOpen) {
      const element = this.#builder.open(name, attributes, this.#attributeForms);
      if (name.local === 'category') element.contentFrom = this.#parser.position - this.#rowFrom;
    } else if (this.#errorDepth > 0) return;
    else if (this.#depth === 1) this.#openRoot(sentName, name.local);
    else if (name.local === 'error' && this.#depth === 2) this.#errorDepth = this.#depth;
    else if (this.#shape.begins(name.local, attributes, this.#depth)) {
      this.#rowFrom = this.#tagStart();
      this.#builder.open(name, attributes, this.#attributeForms);
    } else {
      const around = this.#shape.around?.(name.local, attributes, this.#depth);
      if (around !== undefined) this.#give(around);
    }
  }

  #openRoot(sentName: string, local: string): void {
    if (local === 'error') this.#errorDepth = 1;
    else if (!this.#shape.isRoot(local))
      throw unexpectedReport(this.#shape.report, `its root element is ${shownWords(local)}`);
    const from = this.#tagStart();
    // Copies: slices would keep the chunk in memory for as long as the caller keeps the root.
    const startTag = Buffer.from(
      this.#held.slice(from - this.#heldFrom, this.#parser.position - this.#heldFrom),
    );
    this.root = {
      name: Buffer.from(sentName).toString(),
      startTag: startTag.toString().replace(/\s*\/>$/, '>'),
    };
  }

  #closeTag(): void {
    this.#events++;
    const depth = this.#depth--;
    if (this.#builder.isOpen) {
      // An end tag of another name makes the parser throw, after this event; what it closed is never taken.
      const element = this.#builder.close();
      if (element.contentFrom >= 0) {
        element.contentTo = this.#parser.position - this.#rowFrom;
        this.#kept.push(element);
      }
      if (!this.#builder.isOpen) this.#closeRow(element);
    } else if (depth === this.#errorDepth) this.#closeError();
    if (depth === 1) this.#rootEnded = true;
  }

  #text(text: string): void {
    this.#events++;
    if (text.length > this.#limits.textLength) {
      throw overLimit(`a text is longer than ${this.#limits.textLength} characters`);
    }
    if (this.#builder.isOpen) this.#builder.text(text);
    else if (this.#errorDepth > 0 && this.#errorWords.length < ERROR_WORDS) this.#errorWords += text;
  }

  #closeRow(element: XmlElement): void {
    const to = this.#parser.position - this.#heldFrom;
    const xml = this.#held.slice(this.#rowFrom - this.#heldFrom, to);
    if (xml.length > this.#limits.sessionLength) throw this.#rowTooLong();
    // Contents were noted up to the end of the end tag, which is taken off here; an empty-element tag has none.
    for (const kept of this.#kept) {
      kept.contentTo = Math.max(kept.contentFrom, xml.lastIndexOf('<', kept.contentTo - 1));
    }
    if (this.#kept.length > 0) this.#kept = [];
    const row = this.#shape.read(element, xml, this.#builder.takeHash());
    if (row !== undefined) this.#give(row);
  }

  #give(row: Row): void {
    this.#rows++;
    this.#ready.push(row);
    if (this.#nothingFound) throw this.#contradiction();
  }

  #closeError(): void {
    this.#errorDepth = 0;
    const words = shownWords(this.#errorWords);
    if (!saysNothingFound(words)) throw applianceError(words);
    if (this.#rows > 0) throw this.#contradiction();
    this.#nothingFound = true;
  }

  /** Where the tag that was just read began. No `<` can stand within a tag. */
  #tagStart(): number {
    return this.#heldFrom + this.#held.lastIndexOf('<', this.#parser.position - this.#heldFrom - 1);
  }

  #rowTooLong(): Failure {
    return overLimit(`${this.#shape.row} is longer than ${this.#limits.sessionLength} characters`);
  }

  #contradiction(): Failure {
    const { report, rows } = this.#shape;
    return unexpectedReport(report, `it says that nothing was found, and has ${rows}`);
  }
}

export function applianceError(words: string): Failure {
  return new Failure(
    'transient',
    'appliance-error',
    words === '' ? 'The appliance answered with an empty error.' : `The appliance answered: ${words}`,
  );
}

export function unexpectedReport(report: string, why: string): Failure {
  return new Failure('transient', 'unexpected-document', `The answer is not ${report}: ${why}.`);
}

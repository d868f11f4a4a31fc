import { Failure } from '../errors.ts';
import type { SessionListingRow } from './appliance.ts';
import { saysNothingFound, shownWords } from './error-document.ts';
import { overLimit } from './report-limits.ts';
import { applianceError } from './row-parser.ts';
import { localName, parsing, strictParser } from './strict-xml.ts';
import { Utf8Text } from './utf8-text.ts';

const MOST_SILENT = 1024 * 1024;
const MOST_DEEP = 16;

/**
 * Reads a listing report (`SupportSessionListing`, `AccessSessionListing`) as a stream. Ends normally only when the
 * list's end tag has come; else throws `truncated`, `malformed-report`, `appliance-error`, `unexpected-document`.
 * @param names `unverified`: no source names root and elements (`PresentationSessionListing`), so a row is what has an lsid
 */
export async function* readSessionListing(
  chunks: AsyncIterable<Uint8Array>,
  names: 'verified' | 'unverified' = 'verified',
): AsyncGenerator<SessionListingRow> {
  const utf8 = new Utf8Text();
  const parser = new ListingParser(names === 'unverified');
  for await (const chunk of chunks) {
    parser.write(utf8.decode(chunk));
    yield* parser.take();
  }
  parser.write(utf8.end());
  yield* parser.take();
  parser.end();
}

class ListingParser {
  readonly #parser = strictParser();
  readonly #anyName: boolean;
  #rows: SessionListingRow[] = [];
  #depth = 0;
  #ended = false;
  #inError = false;
  #words = '';
  /** The text of an `external_key` child: guides call it an element, replies send an attribute. */
  #row: { lsid: string; hasRecording: boolean; externalKey: string | null } | undefined;
  #inKey = false;
  #events = 0;
  #silent = 0;

  constructor(anyName: boolean) {
    this.#anyName = anyName;
    this.#parser.on('opentag', ({ name, attributes }) => this.#open(localName(name), attributes));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
  }

  write(text: string): void {
    const before = this.#events;
    parsing(() => this.#parser.write(text));
    this.#silent = before === this.#events ? this.#silent + text.length : 0;
    if (this.#silent > MOST_SILENT) throw overLimit(`a text is longer than ${MOST_SILENT} characters`);
  }

  take(): readonly SessionListingRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  end(): void {
    if (!this.#ended) throw new Failure('transient', 'truncated', 'The listing ended early.');
    parsing(() => this.#parser.close());
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#events++;
    if (++this.#depth > MOST_DEEP) throw overLimit(`elements stand more than ${MOST_DEEP} deep`);
    if (name === 'error' && this.#depth <= 2) this.#inError = true;
    else if (this.#depth === 1 && !(this.#anyName || name === 'session_summary_list')) {
      throw unexpected(`its root element is ${shownWords(name)}`);
    } else if (this.#isRow(name, attributes)) {
      if (this.#depth !== 2) throw unexpected('a session stands in an unknown place');
      const { lsid, has_recording: recording, external_key: key } = attributes;
      if (lsid === undefined || lsid.trim() === '') throw unexpected('a session has no lsid');
      // Copies: slices would keep the chunk they were cut from for as long as the row.
      this.#row = {
        lsid: copy(lsid),
        hasRecording: recording?.trim() === '1' || recording?.trim().toLowerCase() === 'true',
        externalKey: key === undefined ? null : copy(key),
      };
    } else if (name === 'external_key' && this.#depth === 3 && this.#row !== undefined) {
      this.#row.externalKey ??= '';
      this.#inKey = true;
    }
  }

  #isRow(name: string, attributes: Readonly<Record<string, string>>): boolean {
    return this.#anyName ? this.#depth === 2 && attributes.lsid !== undefined : name === 'session_summary';
  }

  #close(): void {
    this.#events++;
    if (this.#depth === 3) this.#inKey = false;
    if (this.#depth === 2 && this.#row !== undefined) {
      this.#rows.push(this.#row);
      this.#row = undefined;
    }
    if (this.#inError && this.#depth <= 2) {
      const words = shownWords(this.#words);
      if (!saysNothingFound(words)) throw applianceError(words);
      this.#inError = false;
    }
    if (--this.#depth === 0) this.#ended = true;
  }

  #text(text: string): void {
    this.#events++;
    if (this.#inError) this.#words += text.slice(0, 4000);
    else if (this.#inKey && this.#row !== undefined) this.#row.externalKey += copy(text);
  }
}

function copy(text: string): string {
  return Buffer.from(text).toString();
}

function unexpected(why: string): Failure {
  return new Failure('transient', 'unexpected-document', `The answer is not a listing of sessions: ${why}.`);
}

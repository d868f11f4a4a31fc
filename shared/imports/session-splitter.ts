import { saysNothingFound, shownWords } from '../appliance/error-document.ts';
import { REPORT_LIMITS } from '../appliance/report-limits.ts';
import type { ReportRoot } from '../appliance/row-parser.ts';
import { blankBetween, readToken, type Tag, type Token } from './xml-tokens.ts';

/** A session as it stands in a file. Positions are bytes from the file's start; `to` is the one after it. */
export interface FoundSession {
  readonly kind: 'session';
  readonly at: number;
  readonly to: number;
  readonly lsid: string | undefined;
  /** For a document that holds it. */
  readonly root: ReportRoot;
  /** `<session …>…</session>` as it stands there. Valid until the next one is asked for. */
  readonly bytes: Buffer;
}

/** What cannot be loaded. `fatal`: nothing of the file after it can be told apart. */
export interface Fault {
  readonly kind: 'fault';
  readonly at: number;
  readonly to: number;
  readonly lsid?: string | undefined;
  readonly reason: string;
  readonly fatal?: true;
}

/** Where to go on in a file: behind a session, within this root. */
export interface SplitPlace {
  readonly at: number;
  /** Absent: outside of a report. */
  readonly root?: ReportRoot;
  /** Whole ones before it. */
  readonly sessions?: number;
}

interface OpenSession {
  readonly at: number;
  readonly name: string;
  readonly lsid: string | undefined;
  /** `session` elements of its own within it that are open. */
  nested: number;
  /**
   * Where one with an lsid began within it, in bytes from the file's start, and how many did since: they are part of
   * what they stand in, or this session has lost its end. What follows their own ends decides.
   */
  doubt?: { readonly at: number; sessions: number } | undefined;
  broken?: string;
}

/** A root's start tag travels in the history of a run. */
const LONGEST_ROOT = 4096;
/** Outside sessions: nothing but blanks, comments and tags stands there. */
const LONGEST_TOKEN = 16 * 1024 * 1024;
/** How far behind a doubtful session the answer is looked for, in bytes and in sessions: they may be read again. */
const MOST_DOUBT = 64 * 1024;
const MOST_DOUBTFUL = 50;
/** What a web page's doctype, or an error's words, are looked for in. */
const LOOK = 1000;
const encodings = /^(utf-?8|us-ascii|ascii)$/i;

/**
 * Takes a report apart at the boundaries of its sessions, without reading what is in them: a session that is broken
 * costs itself and no other, which a parser could not do. Documents that follow each other in one file are read in turn.
 * Text in, items out; synchronous.
 */
export class SessionSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  /** Of the buffer's first byte. */
  #base: number;
  #position = 0;
  #root: ReportRoot | undefined;
  /** Elements that are open outside sessions, the root included. */
  #depth: number;
  #session: OpenSession | undefined;
  #sessions: number;
  #documents: number;
  /** The file, or this part of it, is one session without a list around it. */
  #bare = false;
  /** After a broken session its end tags may come. */
  #recovering = false;
  #over = false;

  constructor({ at, root, sessions = 0 }: SplitPlace = { at: 0 }) {
    this.#base = at;
    this.#root = root;
    this.#depth = root === undefined ? 0 : 1;
    this.#documents = at === 0 ? 0 : 1;
    this.#sessions = sessions;
  }

  /** Behind the last item. */
  get place(): SplitPlace {
    const root = this.#root === undefined ? {} : { root: this.#root };
    return { at: this.#base + this.#position, sessions: this.#sessions, ...root };
  }

  push(chunk: Uint8Array): void {
    const keep =
      this.#session === undefined ? this.#position : Math.min(this.#position, this.#session.at - this.#base);
    const rest = this.#buffer.subarray(keep);
    this.#buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    this.#base += keep;
    this.#position -= keep;
  }

  /** The next item; undefined when more bytes are needed, or nothing comes any more. */
  next(isEnd: boolean): FoundSession | Fault | undefined {
    // What a file is shows at its start, wherever its first chunk ends.
    if (!isEnd && this.#base + this.#position === 0 && this.#buffer.length < LOOK) return undefined;
    while (!this.#over) {
      const token = readToken(this.#buffer, this.#position, isEnd);
      if (token === undefined) return this.#starved(isEnd);
      const item = this.#take(token, isEnd);
      if (item === 'more') return this.#starved(isEnd);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  /** Nothing whole is left in the buffer. */
  #starved(isEnd: boolean): FoundSession | Fault | undefined {
    const length = this.#buffer.length - this.#position;
    if (this.#session !== undefined) {
      if (this.#session.doubt && (isEnd || this.#isFarFromDoubt(this.#buffer.length))) return this.#lostEnd();
      const tooLong = this.#base + this.#buffer.length - this.#session.at > REPORT_LIMITS.sessionLength;
      if (!tooLong && !isEnd) return undefined;
      // What never ends, a comment or a quote, may hide the sessions behind it.
      const hidden = this.#buffer.indexOf(`<${this.#session.name} `, this.#position + 1);
      const limit = `is longer than ${REPORT_LIMITS.sessionLength} bytes`;
      if (hidden < 0 && isEnd) return this.#ended();
      return this.#breakOff(
        hidden < 0 ? this.#buffer.length : hidden,
        tooLong ? limit : 'something in it has no end',
      );
    }
    if (!isEnd && length > LONGEST_TOKEN) return this.#fatal('a tag or comment in it has no end');
    return isEnd ? this.#ended() : undefined;
  }

  #take(token: Token, isEnd: boolean): FoundSession | Fault | 'more' | undefined {
    const { from, to } = token;
    if (this.#depth === 0 && this.#session === undefined) {
      const wide = this.#wide();
      if (wide) return this.#fatal('it is encoded in UTF-16 or UTF-32; save it in UTF-8');
      if (!blankBetween(this.#buffer, this.#skipMark(), from))
        return this.#fatal(
          this.#documents === 0 ? 'it is no XML' : 'something stands behind the end of the report',
        );
    }
    // The words of an error are its next text: wait for them.
    const waits = token.kind === 'start' && token.local === 'error' && this.#session === undefined;
    if (waits && !isEnd && this.#buffer.indexOf('<', to) < 0 && this.#buffer.length - to < LOOK)
      return 'more';
    this.#position = to;
    if (this.#isFarFromDoubt(to)) return this.#lostEnd();
    switch (token.kind) {
      case 'text':
        return 'more';
      case 'other':
        return this.#checkDeclaration(from, to);
      case 'doctype':
        return this.#doctype(from);
      case 'malformed':
        return this.#malformed(from);
      case 'start':
        return this.#start(token);
      case 'end':
        return this.#end(token);
    }
  }

  #wide(): boolean {
    if (this.#base !== 0 || this.#position !== 0) return false;
    const [a = 1, b = 1] = this.#buffer;
    return (a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || a === 0 || b === 0;
  }

  /** Behind a byte order mark. */
  #skipMark(): number {
    if (this.#base !== 0 || this.#position !== 0) return this.#position;
    const [a, b, c] = this.#buffer;
    return a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
  }

  #checkDeclaration(from: number, to: number): Fault | undefined {
    if (this.#depth > 0) return undefined;
    const text = this.#buffer.toString('latin1', from, Math.min(to, from + LOOK));
    const encoding = /^<\?xml\s[^>]*\bencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
    if (encoding === undefined || encodings.test(encoding)) return undefined;
    return this.#fatal(`it is encoded in ${shownWords(encoding)}; only UTF-8 is read`);
  }

  #doctype(from: number): Fault | undefined {
    if (this.#session) {
      if (this.#session.doubt) return this.#lostEnd();
      this.#session.broken ??= 'a declaration stands in it';
      return undefined;
    }
    const text = this.#buffer.toString('latin1', from, from + LOOK);
    return this.#fatal(
      /^<!doctype\s+html/i.test(text) ? 'it is a web page' : 'it has a DOCTYPE, which is not accepted',
    );
  }

  #malformed(from: number): Fault | undefined {
    if (this.#session) {
      if (this.#session.doubt) return this.#lostEnd();
      this.#session.broken ??= 'a tag in it is malformed';
      return undefined;
    }
    if (this.#depth === 0) return this.#fatal(this.#documents === 0 ? 'it is no XML' : 'a tag is malformed');
    this.#recovering = true;
    const lsid = lsidIn(this.#buffer.toString('utf8', from, this.#position));
    return this.#fault(this.#base + from, this.#base + this.#position, 'a tag is malformed', lsid);
  }

  #start(tag: Tag): Fault | FoundSession | undefined {
    const at = this.#base + tag.from;
    const session = this.#session;
    if (session) {
      if (tag.name !== session.name) {
        // Between the sessions of a list nothing else stands.
        if (session.nested === 0) session.doubt = undefined;
        return undefined;
      }
      if (lsidIn(this.#text(tag)) !== undefined) {
        if (session.broken !== undefined) return this.#breakOff(tag.from, session.broken);
        session.doubt ??= { at, sessions: 0 };
        if (++session.doubt.sessions > MOST_DOUBTFUL) return this.#lostEnd();
      }
      if (!tag.empty) session.nested++;
      return undefined;
    }
    if (this.#depth === 0) {
      const fault = this.#openRoot(tag);
      if (fault || tag.local !== 'session') return fault;
    } else if (tag.local === 'error') {
      if (!tag.empty) this.#depth++;
      const words = this.#words(tag.to);
      if (saysNothingFound(words)) return undefined;
      return this.#fault(at, this.#base + tag.to, `an error of the appliance stands in it: ${words}`);
    } else if (tag.local !== 'session') {
      if (!tag.empty) this.#depth++;
      return undefined;
    }
    const lsid = lsidIn(this.#text(tag));
    // Behind a broken one elements may have lost their ends.
    if (this.#recovering && lsid !== undefined) this.#depth = 1;
    this.#recovering = false;
    this.#session = { at, name: tag.name, lsid, nested: 0 };
    if (this.#depth > 1) this.#session.broken = 'it stands in an unknown place';
    return tag.empty ? this.#closeSession(tag.to) : undefined;
  }

  #openRoot(tag: Tag): Fault | undefined {
    this.#documents++;
    if (tag.local === 'session') {
      this.#root = { name: 'session_list', startTag: '<session_list>' };
      this.#depth = 1;
      this.#bare = true;
      return undefined;
    }
    if (tag.local === 'session_list') {
      const startTag = this.#text(tag);
      if (startTag.length > LONGEST_ROOT) return this.#fatal('its root tag is too long');
      if (tag.empty) return undefined;
      this.#root = { name: tag.name, startTag };
      this.#depth = 1;
      return undefined;
    }
    if (tag.local.toLowerCase() === 'html') return this.#fatal('it is a web page');
    if (tag.local !== 'error')
      return this.#fatal(
        `its root element is ${shownWords(tag.name)}: it is no report of sessions (session_list)`,
      );
    const words = this.#words(tag.to);
    this.#over = true;
    if (saysNothingFound(words)) return undefined;
    return this.#fatal(`it is an error of the appliance: ${words}`);
  }

  #words(from: number): string {
    const end = this.#buffer.indexOf('<', from);
    return shownWords(this.#buffer.toString('utf8', from, end < 0 ? from + LOOK : end));
  }

  #end(tag: Tag): FoundSession | Fault | undefined {
    const session = this.#session;
    if (session) {
      if (tag.name === session.name) {
        if (session.nested === 0) return session.doubt ? this.#lostEnd() : this.#closeSession(tag.to);
        session.nested--;
      } else if (tag.name === this.#root?.name) {
        if (session.doubt) return this.#lostEnd();
        return this.#breakOff(tag.from, session.broken ?? 'it has no end tag');
      } else if (session.nested === 0) session.doubt = undefined;
      return undefined;
    }
    if (tag.name === this.#root?.name && (this.#depth === 1 || this.#recovering)) {
      this.#depth = 0;
      this.#root = undefined;
      this.#recovering = false;
    } else if (this.#depth > 1) this.#depth--;
    else if (!this.#recovering)
      return this.#depth === 0
        ? this.#fatal('an end tag has no start tag')
        : this.#fault(this.#base + tag.from, this.#base + tag.to, 'an end tag has no start tag');
    return undefined;
  }

  #closeSession(end: number): FoundSession | Fault {
    const { at, lsid, broken } = this.#opened();
    const to = this.#base + end;
    this.#session = undefined;
    const root = this.#root;
    if (root === undefined) throw new Error('a session without a root');
    if (this.#bare) {
      this.#bare = false;
      this.#depth = 0;
      this.#root = undefined;
    }
    if (broken !== undefined) return this.#fault(at, to, broken, lsid);
    this.#sessions++;
    return {
      kind: 'session',
      at,
      to,
      lsid,
      root,
      bytes: this.#buffer.subarray(at - this.#base, end),
    };
  }

  #opened(): OpenSession {
    if (!this.#session) throw new Error('no session is open');
    return this.#session;
  }

  /** What is in doubt is a session of the list: the one before it has lost its end. */
  #lostEnd(): Fault {
    const { doubt } = this.#opened();
    if (!doubt) throw new Error('no session is in doubt');
    return this.#breakOff(doubt.at - this.#base, 'it has no end tag');
  }

  /** @param position in the buffer */
  #isFarFromDoubt(position: number): boolean {
    const doubt = this.#session?.doubt;
    return doubt !== undefined && this.#base + position - doubt.at > MOST_DOUBT;
  }

  /** Gives the open session up; what begins at `next` in the buffer is read as if it stood in the root. */
  #breakOff(next: number, reason: string): Fault {
    const { at, lsid } = this.#opened();
    this.#session = undefined;
    this.#recovering = true;
    this.#position = next;
    return this.#fault(at, this.#base + next, reason, lsid);
  }

  /** Everything was given: whether it is whole. */
  #ended(): Fault | undefined {
    if (this.#over) return undefined;
    this.#over = true;
    const end = this.#base + this.#buffer.length;
    const after = `after ${this.#sessions} whole ${this.#sessions === 1 ? 'session' : 'sessions'}`;
    if (this.#session) {
      const { at, lsid } = this.#session;
      const within = lsid === undefined ? 'a session' : `the session ${lsid}`;
      return {
        ...this.#fault(at, end, `the file ends early, at byte ${end}, within ${within}, ${after}`, lsid),
        fatal: true,
      };
    }
    if (this.#depth > 0)
      return {
        ...this.#fault(end, end, `the file ends early, at byte ${end}, ${after}: its end tag is missing`),
        fatal: true,
      };
    if (this.#documents === 0)
      return { ...this.#fault(end, end, end === 0 ? 'it is empty' : 'it is no XML'), fatal: true };
    if (!blankBetween(this.#buffer, this.#position, this.#buffer.length))
      return this.#fault(end, end, 'something stands behind the end of the report');
    return undefined;
  }

  #text({ from, to }: Tag): string {
    return this.#buffer.toString('utf8', from, to);
  }

  #fault(at: number, to: number, reason: string, lsid?: string): Fault {
    return { kind: 'fault', at, to, reason, ...(lsid === undefined ? {} : { lsid }) };
  }

  #fatal(reason: string): Fault {
    this.#over = true;
    const at = this.#base + this.#position;
    return { ...this.#fault(at, at, reason), fatal: true };
  }
}

function lsidIn(tag: string): string | undefined {
  return /\slsid\s*=\s*["']([0-9A-Za-z-]{1,64})["']/.exec(tag)?.[1];
}

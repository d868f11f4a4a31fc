import { saysNothingFound } from '../appliance/error-document.ts';
import { ByteWindow } from './byte-window.ts';
import { DocumentPlace } from './document-place.ts';
import {
  documentStart,
  errorWords,
  LOOK,
  refusedBefore,
  refusedDoctype,
  refusedEncoding,
} from './document-start.ts';
import { type GivenUp, lsidIn, OpenSession } from './open-session.ts';
import { type Fault, type FoundSession, faultAt, type SplitPlace } from './split-items.ts';
import { blankBetween, readToken, type Tag, type Token } from './xml-tokens.ts';

/** Outside sessions: nothing but blanks, comments and tags stands there. */
const LONGEST_TOKEN = 16 * 1024 * 1024;

/**
 * Takes a report apart at the boundaries of its sessions, without reading what is in them: a session that is broken
 * costs itself and no other, which a parser could not do. Documents that follow each other in one file are read in turn.
 * Text in, items out; synchronous.
 */
export class SessionSplitter {
  readonly #window: ByteWindow;
  /** What has begun is not looked at again before there are so many bytes, from the file's start. */
  #readAgainAt = 0;
  readonly #document: DocumentPlace;
  #session: OpenSession | undefined;
  /** Whole ones that were found. */
  #sessions: number;
  #over = false;

  constructor(place: SplitPlace = { at: 0 }) {
    this.#window = new ByteWindow(place.at);
    this.#document = new DocumentPlace(place);
    this.#sessions = place.sessions ?? 0;
  }

  /** Behind the last item. */
  get place(): SplitPlace {
    const { root } = this.#document;
    return { at: this.#window.at, sessions: this.#sessions, ...(root === undefined ? {} : { root }) };
  }

  push(chunk: Uint8Array): void {
    const { at } = this.#window;
    this.#window.push(chunk, Math.min(at, this.#session?.at ?? at));
  }

  /** The next item; undefined when more bytes are needed, or nothing comes any more. */
  next(isEnd: boolean): FoundSession | Fault | undefined {
    const window = this.#window;
    if (!isEnd) {
      // What a file is shows at its start, wherever its first chunk ends.
      if (window.at === 0 && window.bytes.length < LOOK) return undefined;
      if (window.end < this.#readAgainAt) return undefined;
    }
    while (!this.#over) {
      const token = readToken(window.bytes, window.position, isEnd);
      if (token === undefined) {
        this.#waitFor();
        return this.#starved(isEnd);
      }
      const item = this.#take(token, isEnd);
      if (item === 'more') return this.#starved(isEnd);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  /** What is long comes in many chunks: it is looked at again when it has doubled, or has reached its limit. */
  #waitFor(): void {
    const { at, end } = this.#window;
    const limit = this.#session?.longestEnd ?? at + LONGEST_TOKEN;
    this.#readAgainAt = Math.min(end + (end - at), limit + 1);
  }

  /** Nothing whole is left in the window. */
  #starved(isEnd: boolean): FoundSession | Fault | undefined {
    const { at, end } = this.#window;
    const givenUp = this.#session?.starved(this.#window, isEnd);
    if (givenUp) return this.#giveUp(givenUp);
    if (isEnd) return this.#ended();
    if (!this.#session && end - at > LONGEST_TOKEN) return this.#fatal('a tag or comment in it has no end');
    return undefined;
  }

  #take(token: Token, isEnd: boolean): FoundSession | Fault | 'more' | undefined {
    const window = this.#window;
    const session = this.#session;
    const { from, to } = token;
    if (this.#document.depth === 0 && !session) {
      const reason = refusedBefore(window, from, this.#document.count === 0);
      if (reason !== undefined) return this.#fatal(reason);
    }
    // The words of an error are its next text: wait for them.
    if (!session && token.kind === 'start' && token.local === 'error' && !isEnd)
      if (window.bytes.indexOf('<', to) < 0 && window.bytes.length - to < LOOK) return 'more';
    window.position = to;
    const givenUp = session?.tooLongInDoubt(window.at);
    if (givenUp) return this.#giveUp(givenUp);
    switch (token.kind) {
      case 'text':
        return 'more';
      case 'other': {
        const reason = this.#document.depth > 0 ? undefined : refusedEncoding(window, from, to);
        return reason === undefined ? undefined : this.#fatal(reason);
      }
      case 'doctype':
        if (session) return this.#giveUp(session.breakBy('a declaration stands in it'));
        return this.#fatal(refusedDoctype(window, from));
      case 'malformed':
        if (session) return this.#giveUp(session.breakBy('a tag in it is malformed'));
        return this.#malformed(from, to);
      case 'start':
        if (session) return this.#giveUp(session.start(token, window));
        return this.#start(token);
      case 'end': {
        if (!session) return this.#end(token);
        const ended = session.end(token, window, this.#document.root?.name);
        return ended === 'closed' ? this.#close(session) : this.#giveUp(ended);
      }
    }
  }

  #malformed(from: number, to: number): Fault {
    const { depth, count } = this.#document;
    if (depth === 0) return this.#fatal(count === 0 ? 'it is no XML' : 'a tag is malformed');
    this.#document.recover();
    const { base } = this.#window;
    return faultAt(base + from, base + to, 'a tag is malformed', lsidIn(this.#window.text(from, to)));
  }

  #start(tag: Tag): Fault | FoundSession | undefined {
    const window = this.#window;
    const isSession = tag.local === 'session';
    if (this.#document.depth === 0) {
      const start = documentStart(tag, window);
      this.#document.begin(start);
      if (start.kind === 'refused') return this.#fatal(start.reason);
      if (start.kind === 'nothing-found') this.#over = true;
      if (!isSession) return undefined;
    } else if (!isSession) {
      this.#document.open(tag);
      const words = tag.local === 'error' ? errorWords(tag, window) : undefined;
      if (words === undefined || saysNothingFound(words)) return undefined;
      return faultAt(window.base + tag.from, window.at, `an error of the appliance stands in it: ${words}`);
    }
    const lsid = lsidIn(window.text(tag.from, tag.to));
    const session = new OpenSession(window.base + tag.from, tag.name, lsid);
    session.broken = this.#document.startSession(lsid);
    this.#session = session;
    return tag.empty ? this.#close(session) : undefined;
  }

  #end(tag: Tag): Fault | undefined {
    if (this.#document.close(tag)) return undefined;
    const reason = 'an end tag has no start tag';
    const { base, at } = this.#window;
    return this.#document.depth === 0 ? this.#fatal(reason) : faultAt(base + tag.from, at, reason);
  }

  #close({ at, lsid, broken }: OpenSession): FoundSession | Fault {
    const { base, position, bytes, at: to } = this.#window;
    this.#session = undefined;
    const root = this.#document.endSession();
    if (broken !== undefined) return faultAt(at, to, broken, lsid);
    this.#sessions++;
    return { kind: 'session', at, to, lsid, root, bytes: bytes.subarray(at - base, position) };
  }

  /** What begins behind the open session is read as if it stood in the root. */
  #giveUp(givenUp: GivenUp | undefined): Fault | undefined {
    if (!givenUp || !this.#session) return undefined;
    const { at, lsid } = this.#session;
    this.#session = undefined;
    this.#document.recover();
    this.#window.position = givenUp.next - this.#window.base;
    return faultAt(at, givenUp.next, givenUp.reason, lsid);
  }

  /** Everything was given: whether it is whole. */
  #ended(): Fault | undefined {
    if (this.#over) return undefined;
    this.#over = true;
    const { end, position, bytes } = this.#window;
    const after = `after ${this.#sessions} whole ${this.#sessions === 1 ? 'session' : 'sessions'}`;
    const early = `the file ends early, at byte ${end}`;
    if (this.#session) {
      const { at, lsid } = this.#session;
      const within = lsid === undefined ? 'a session' : `the session ${lsid}`;
      return { ...faultAt(at, end, `${early}, within ${within}, ${after}`, lsid), fatal: true };
    }
    if (this.#document.depth > 0)
      return { ...faultAt(end, end, `${early}, ${after}: its end tag is missing`), fatal: true };
    if (this.#document.count === 0)
      return { ...faultAt(end, end, end === 0 ? 'it is empty' : 'it is no XML'), fatal: true };
    if (!blankBetween(bytes, position, bytes.length))
      return faultAt(end, end, 'something stands behind the end of the report');
    return undefined;
  }

  #fatal(reason: string): Fault {
    this.#over = true;
    const { at } = this.#window;
    return { ...faultAt(at, at, reason), fatal: true };
  }
}

import { REPORT_LIMITS } from '../appliance/report-limits.ts';
import type { ByteWindow } from './byte-window.ts';
import type { Tag } from './xml-tokens.ts';

/** How far behind a doubtful session the answer is looked for, in bytes and in sessions: they may be read again. */
const MOST_DOUBT = 64 * 1024;
const MOST_DOUBTFUL = 50;

/** The session has to be given up; at `next`, from the file's start, what may be another one begins. */
export interface GivenUp {
  readonly next: number;
  readonly reason: string;
}

/** A session whose start tag was read: finds its end, or that it has none. */
export class OpenSession {
  /** From the file's start. */
  readonly at: number;
  readonly name: string;
  readonly lsid: string | undefined;
  /** Why it cannot be loaded, whatever its end. */
  broken: string | undefined;
  /** `session` elements of its own within it that are open. */
  #nested = 0;
  /**
   * Where one with an lsid began within it, in bytes from the file's start, and how many did since: they are part of
   * what they stand in, or this session has lost its end. What follows their own ends decides.
   */
  #doubt: { readonly at: number; sessions: number } | undefined;

  constructor(at: number, name: string, lsid: string | undefined) {
    this.at = at;
    this.name = name;
    this.lsid = lsid;
  }

  /** A start tag within it. */
  start(tag: Tag, window: ByteWindow): GivenUp | undefined {
    if (tag.name !== this.name) {
      // Between the sessions of a list nothing else stands.
      if (this.#nested === 0) this.#doubt = undefined;
      return undefined;
    }
    if (lsidIn(window.text(tag.from, tag.to)) !== undefined) {
      const at = window.base + tag.from;
      if (this.broken !== undefined) return { next: at, reason: this.broken };
      this.#doubt ??= { at, sessions: 0 };
      if (++this.#doubt.sessions > MOST_DOUBTFUL) return lostEnd(this.#doubt);
    }
    if (!tag.empty) this.#nested++;
    return undefined;
  }

  /** An end tag. `closed`: its own. */
  end(tag: Tag, window: ByteWindow, rootName: string | undefined): GivenUp | 'closed' | undefined {
    if (tag.name === this.name) {
      if (this.#nested === 0) return this.#doubt ? lostEnd(this.#doubt) : 'closed';
      this.#nested--;
    } else if (tag.name === rootName) {
      if (this.#doubt) return lostEnd(this.#doubt);
      return { next: window.base + tag.from, reason: this.broken ?? 'it has no end tag' };
    } else if (this.#nested === 0) this.#doubt = undefined;
    return undefined;
  }

  /** Something stands in it that may not. */
  breakBy(reason: string): GivenUp | undefined {
    if (this.#doubt) return lostEnd(this.#doubt);
    this.broken ??= reason;
    return undefined;
  }

  /** @param to how far was read, from the file's start */
  tooLongInDoubt(to: number): GivenUp | undefined {
    return this.#doubt && to - this.#doubt.at > MOST_DOUBT ? lostEnd(this.#doubt) : undefined;
  }

  /** Nothing whole is left in the window. */
  starved(window: ByteWindow, isEnd: boolean): GivenUp | undefined {
    if (this.#doubt && isEnd) return lostEnd(this.#doubt);
    const givenUp = this.tooLongInDoubt(window.end);
    if (givenUp) return givenUp;
    const tooLong = window.end > this.longestEnd;
    if (!tooLong && !isEnd) return undefined;
    // What never ends, a comment or a quote, may hide the sessions behind it.
    const hidden = window.bytes.indexOf(`<${this.name} `, window.position + 1);
    if (hidden < 0 && isEnd) return undefined;
    return {
      next: hidden < 0 ? window.end : window.base + hidden,
      reason: tooLong ? `is longer than ${REPORT_LIMITS.sessionLength} bytes` : 'something in it has no end',
    };
  }

  /** Where it has to have ended, from the file's start. */
  get longestEnd(): number {
    return this.at + REPORT_LIMITS.sessionLength;
  }
}

/** What is in doubt is a session of the list: the one before it has lost its end. */
function lostEnd({ at }: { readonly at: number }): GivenUp {
  return { next: at, reason: 'it has no end tag' };
}

export function lsidIn(tag: string): string | undefined {
  return /\slsid\s*=\s*["']([0-9A-Za-z-]{1,64})["']/.exec(tag)?.[1];
}

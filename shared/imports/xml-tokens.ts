/** A piece of markup in a buffer; `to` is the position after it. `text`: nothing but text is left. */
export type Token =
  | { readonly kind: 'text' | 'other' | 'doctype' | 'malformed'; readonly from: number; readonly to: number }
  | Tag;

export interface Tag {
  readonly kind: 'start' | 'end';
  readonly from: number;
  readonly to: number;
  /** As it stands there, with its prefix. */
  readonly name: string;
  readonly local: string;
  /** `<name/>` */
  readonly empty: boolean;
}

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;

/**
 * The next piece of markup at or after a position; what is before it is text. Undefined: it is not whole yet. Bytes
 * are looked at and no characters: in UTF-8 those of markup stand for nothing else.
 * @param isEnd nothing comes any more
 */
export function readToken(buffer: Buffer, position: number, isEnd: boolean): Token | undefined {
  const from = buffer.indexOf(LT, position);
  if (from < 0) {
    // The text is passed over; only its end can be cut off.
    return { kind: 'text', from: buffer.length, to: buffer.length };
  }
  switch (buffer[from + 1]) {
    case undefined:
      return isEnd ? { kind: 'malformed', from, to: from + 1 } : undefined;
    case 0x21:
      return readDeclaration(buffer, from);
    case 0x3f:
      return whole(from, buffer.indexOf('?>', from + 2), 2);
    default:
      return readTag(buffer, from);
  }
}

function readDeclaration(buffer: Buffer, from: number): Token | undefined {
  const start = buffer.toString('latin1', from, from + 9);
  if (start.startsWith('<!--')) return whole(from, buffer.indexOf('-->', from + 4), 3);
  if (start === '<![CDATA[') return whole(from, buffer.indexOf(']]>', from + 9), 3);
  if (start.length < 9) return undefined;
  return { kind: 'doctype', from, to: from + 2 };
}

function whole(from: number, end: number, length: number): Token | undefined {
  return end < 0 ? undefined : { kind: 'other', from, to: end + length };
}

function readTag(buffer: Buffer, from: number): Token | undefined {
  let quote = 0;
  for (let at = from + 1; at < buffer.length; at++) {
    const byte = buffer[at];
    // It may not stand in a tag, nor in an attribute: another begins here.
    if (byte === LT) return { kind: 'malformed', from, to: at };
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
    else if (byte === GT) return tagOf(buffer, from, at + 1);
  }
  return undefined;
}

function tagOf(buffer: Buffer, from: number, to: number): Token {
  const isEnd = buffer[from + 1] === SLASH;
  const begin = from + (isEnd ? 2 : 1);
  let end = begin;
  while (end < to - 1 && !isBlank(buffer[end]) && buffer[end] !== SLASH) end++;
  if (end === begin) return { kind: 'malformed', from, to };
  const name = buffer.toString('utf8', begin, end);
  const local = name.slice(name.indexOf(':') + 1);
  return { kind: isEnd ? 'end' : 'start', from, to, name, local, empty: buffer[to - 2] === SLASH };
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function blankBetween(buffer: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isBlank(buffer[at])) return false;
  return true;
}

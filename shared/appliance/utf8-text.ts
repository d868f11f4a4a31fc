import { isUtf8 } from 'node:buffer';
import { Failure } from '../errors.ts';

/**
 * Bytes in pieces of any size to text, strictly: bytes that are not UTF-8 fail. A character cut by a piece's end waits
 * for the next piece. A byte order mark at the start is dropped. Text and bytes map one to one, so a slice of the text
 * gives back the bytes as sent. (TextDecoder's streaming mode does the same at a third of the speed.)
 */
export class Utf8Text {
  #waiting: Buffer = Buffer.alloc(0);
  #started = false;

  /** The text of all characters that are whole by now. Throws `unsupported-encoding` or `malformed-report`. */
  decode(bytes: Uint8Array): string {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#waiting.length > 0) buffer = Buffer.concat([this.#waiting, buffer]);
    if (!this.#started) {
      if (buffer.length < 4) {
        this.#waiting = Buffer.from(buffer);
        return '';
      }
      buffer = start(buffer);
      this.#started = true;
    }
    const cut = buffer.length - unfinished(buffer);
    // A copy: the caller may use its memory again.
    this.#waiting = Buffer.from(buffer.subarray(cut));
    return text(buffer.subarray(0, cut));
  }

  /** What is left at the end. A character that never became whole is a cut body. */
  end(): string {
    let rest = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    if (!this.#started) rest = start(rest);
    if (unfinished(rest) > 0)
      throw new Failure('transient', 'truncated', 'The report ends within a character.');
    return text(rest);
  }
}

function text(buffer: Buffer): string {
  if (!isUtf8(buffer)) {
    throw new Failure('transient', 'malformed-report', 'The report is not valid UTF-8.');
  }
  return buffer.toString('utf8');
}

function start(buffer: Buffer): Buffer {
  const [a, b, c] = buffer;
  if (a === 0xef && b === 0xbb && c === 0xbf) return buffer.subarray(3);
  const byteOrderMark = (a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe);
  const wideLess = (a === 0x3c && b === 0) || (a === 0 && b === 0x3c) || (a === 0 && b === 0);
  if (byteOrderMark || wideLess) throw unsupportedEncoding('UTF-16 or UTF-32');
  return buffer;
}

/** How many bytes at the end belong to a character that is not whole yet. */
function unfinished(buffer: Buffer): number {
  const { length } = buffer;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = buffer[length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return size > back ? back : 0;
    }
  }
  return 0;
}

export function unsupportedEncoding(name: string): Failure {
  return new Failure(
    'terminal',
    'unsupported-encoding',
    `The report is encoded in ${name}; only UTF-8 is read, which is what appliances send.`,
  );
}

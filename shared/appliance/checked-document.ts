import { Failure } from '../errors.ts';
import { atSite } from './at-site.ts';
import { overLimit, REPORT_LIMITS } from './report-limits.ts';
import { parsing, strictParser } from './strict-xml.ts';
import { Utf8Text } from './utf8-text.ts';

const PIECE = 64 * 1024;

/**
 * Passes an XML document on as it comes, whatever its elements, and reads it at the same time. Iteration ends normally
 * only if the root's end tag has come; else it throws `truncated`, `malformed-report`, `report-limit`. What kind of
 * document it is was looked at before (report-head.ts).
 *
 * @param where site and host, for messages
 */
export async function* checkDocument(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array> {
  const check = new DocumentCheck();
  const utf8 = new Utf8Text();
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PIECE)
        check.write(utf8.decode(chunk.subarray(from, from + PIECE)));
      yield chunk;
    }
    check.write(utf8.end());
    check.end();
  } catch (error) {
    throw atSite(error, where);
  }
}

class DocumentCheck {
  readonly #parser = strictParser();
  #depth = 0;
  #ended = false;
  #events = 0;
  #silent = 0;

  constructor() {
    this.#parser.on('opentag', () => {
      this.#events++;
      if (++this.#depth > REPORT_LIMITS.depth)
        throw overLimit(`elements stand more than ${REPORT_LIMITS.depth} deep`);
    });
    this.#parser.on('closetag', () => {
      this.#events++;
      if (--this.#depth === 0) this.#ended = true;
    });
    this.#parser.on('text', () => {
      this.#events++;
    });
  }

  write(text: string): void {
    const before = this.#events;
    parsing(() => this.#parser.write(text));
    this.#silent = before === this.#events ? this.#silent + text.length : 0;
    if (this.#silent > REPORT_LIMITS.textLength)
      throw overLimit(`a text is longer than ${REPORT_LIMITS.textLength} characters`);
  }

  end(): void {
    if (!this.#ended) throw new Failure('transient', 'truncated', 'The report ended before its end tag.');
    parsing(() => this.#parser.close());
  }
}

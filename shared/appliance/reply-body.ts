import type { IncomingMessage } from 'node:http';
import { Failure } from '../errors.ts';
import { cancelled } from '../retry.ts';
import type { FileDownload } from './appliance.ts';
import { transportFailure } from './transport-errors.ts';

export interface BodyContext {
  /** Site name and host, for messages. */
  readonly where: string;
  /** What is read, for messages. */
  readonly what: string;
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A reply's body, read once, with a look ahead. A wait of more than `idleMs` for the next bytes is `stalled`; time that
 * the reader takes for itself does not count. A body that nobody begins to read is dropped after that time as well.
 */
export class ReplyBody implements AsyncIterable<Uint8Array> {
  readonly evidence: FileDownload['evidence'];
  readonly #message: IncomingMessage;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #context: BodyContext;
  readonly #ahead: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #isRead = false;
  #failure: Failure | undefined;

  constructor(message: IncomingMessage, context: BodyContext) {
    this.#message = message;
    this.#context = context;
    this.evidence = evidenceOf(message);
    this.#source = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    // Without a listener an error between two reads would be uncaught; reading reports it.
    message.on('error', () => {});
    context.signal?.addEventListener('abort', this.#abort, { once: true });
    if (context.signal?.aborted) this.#abort();
    this.#arm();
  }

  /** The body from its start, without using it up: reading gives the same chunks again. Fetches as it is asked. */
  async *lookAhead(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; at++) {
      const known = this.#ahead[at];
      if (known !== undefined) yield known;
      else {
        const chunk = await this.#next();
        if (chunk === undefined) return;
        this.#ahead.push(chunk);
        yield chunk;
      }
    }
  }

  /** All of it. Throws `unexpected-document` when it is larger than a small reply may be. */
  async small(mostBytes = 256 * 1024): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this) {
      size += chunk.length;
      if (size > mostBytes) {
        const { where, what } = this.#context;
        throw new Failure(
          'transient',
          'unexpected-document',
          `${where} answered ${what} with more than ${mostBytes} bytes.`,
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Ends the connection. Safe at any time. */
  drop(): void {
    this.#finish();
    this.#message.destroy();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        this.#isRead = true;
        clearTimeout(this.#timer);
        const value = this.#ahead.shift() ?? (await this.#next());
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: async () => {
        this.drop();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#arm();
    try {
      const { done, value } = await this.#source.next();
      if (!done) return value;
      if (!this.#message.complete) throw new Failure('transient', 'truncated', this.#says('ended early'));
      this.#ended = true;
      this.#finish();
      return undefined;
    } catch (error) {
      const { where, what } = this.#context;
      this.#failure ??= transportFailure(error, where, what, true);
      this.drop();
      throw this.#failure;
    } finally {
      // From the first read on the reader's own time does not count; before it, the body may have been forgotten.
      if (this.#isRead || this.#ended || this.#failure !== undefined) clearTimeout(this.#timer);
      else this.#arm();
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(
        new Failure(
          'transient',
          'stalled',
          this.#says(`stalled: no byte for ${this.#context.idleMs / 1000} s`),
        ),
      );
    }, this.#context.idleMs);
    this.#timer.unref();
  }

  readonly #abort = (): void => {
    const { signal } = this.#context;
    if (signal !== undefined) this.#fail(cancelled(signal));
  };

  #fail(failure: Failure): void {
    this.#failure ??= failure;
    this.#finish();
    this.#message.destroy(failure);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#context.signal?.removeEventListener('abort', this.#abort);
  }

  #says(words: string): string {
    return `${this.#context.where}: ${this.#context.what} ${words}.`;
  }
}

/** RFC 9112: a body without length and without chunking ends with the connection, so its end proves nothing. */
function evidenceOf({ headers }: IncomingMessage): FileDownload['evidence'] {
  if (headers['transfer-encoding'] !== undefined) return { kind: 'chunked' };
  const length = headers['content-length'];
  return length === undefined ? { kind: 'none' } : { kind: 'length', bytes: Number(length) };
}

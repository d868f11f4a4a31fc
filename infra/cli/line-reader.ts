import type { ReadStream } from 'node:tty';
import { CliError, INTERRUPTED } from './command.ts';

/** Answers, a line each: typed, or from a pipe, of which no line may be lost between two questions. */
export class LineReader {
  readonly #input: ReadStream;
  readonly #output: NodeJS.WritableStream;
  readonly #interrupted: AbortSignal;
  readonly #decoder = new TextDecoder();
  #text = '';
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(input: ReadStream, output: NodeJS.WritableStream, interrupted: AbortSignal) {
    this.#input = input;
    this.#output = output;
    this.#interrupted = interrupted;
    input.on('data', (bytes: Buffer) => this.#take(this.#decoder.decode(bytes, { stream: true })));
    input.on('end', () => this.#end());
    input.on('error', () => this.#end());
    interrupted.addEventListener('abort', () => this.#wake?.());
    input.pause();
  }

  /** Undefined when there are no more lines. */
  async ask(question: string, hidden: boolean): Promise<string | undefined> {
    // Before the question: the terminal itself shows what is typed until then.
    const raw = hidden && this.#input.isTTY;
    if (raw) this.#input.setRawMode(true);
    this.#output.write(question);
    this.#input.resume();
    try {
      for (;;) {
        if (this.#interrupted.aborted) throw new CliError(INTERRUPTED, 'Interrupted.');
        const line = raw ? this.#typed() : this.#line();
        if (line !== undefined) return line;
        if (this.#ended) return undefined;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#wake = undefined;
      this.#input.pause();
      if (raw) {
        this.#input.setRawMode(false);
        this.#output.write('\n');
      }
    }
  }

  close(): void {
    this.#input.pause();
    this.#input.unref?.();
  }

  #take(text: string): void {
    this.#text += text;
    this.#wake?.();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #line(): string | undefined {
    const end = this.#text.search(/\r\n|\n|\r/);
    if (end < 0) {
      if (!this.#ended || this.#text === '') return undefined;
      const rest = this.#text;
      this.#text = '';
      return rest;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + (this.#text.startsWith('\r\n', end) ? 2 : 1));
    return line;
  }

  /** In raw mode the keys come as they are. */
  #typed(): string | undefined {
    let typed = '';
    for (const [at, key] of [...this.#text].entries()) {
      if (key === '\u0003') throw new CliError(INTERRUPTED, 'Interrupted.');
      if (key === '\u0004' && typed === '') {
        this.#ended = true;
        return undefined;
      }
      if (key === '\r' || key === '\n') {
        this.#text = [...this.#text].slice(at + 1).join('');
        return typed;
      }
      if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
      else typed += key;
    }
    return undefined;
  }
}

import type { Counted, Cut } from './cuts.ts';

/** Counts calls, and kills the process at one of them. */
export class Killer {
  readonly #cut: Cut | undefined;
  readonly #calls: Record<string, number> = {};
  readonly #bodies: Record<string, number> = {};

  constructor(cut: Cut | undefined) {
    this.#cut = cut;
  }

  get counted(): Counted {
    return { calls: { ...this.#calls }, bodies: { ...this.#bodies } };
  }

  async call<T>(call: string, work: () => Promise<T>): Promise<T> {
    const end = this.begin(call);
    const result = await work();
    end();
    return result;
  }

  /** For calls that are more than one promise. The function returned is to be called when it has ended well. */
  begin(call: string): () => void {
    const number = count(this.#calls, call);
    if (this.#is(call, number, 'before')) die();
    return () => {
      if (this.#is(call, number, 'after')) die();
    };
  }

  /** Kills after half of the first chunk has been taken in: whoever asks for more has dealt with it. */
  async *body(call: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let mine: boolean | undefined;
    for await (const chunk of chunks) {
      mine ??= this.#is(call, count(this.#bodies, call), 'middle');
      if (!mine) {
        yield chunk;
        continue;
      }
      yield chunk.subarray(0, Math.ceil(chunk.length / 2));
      die();
    }
  }

  /** The same for what is given in one piece. */
  async piece(call: string, chunk: Uint8Array, work: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    if (!this.#is(call, count(this.#bodies, call), 'middle')) return work(chunk);
    await work(chunk.subarray(0, Math.ceil(chunk.length / 2)));
    die();
  }

  #is(call: string, number: number, when: Cut['when']): boolean {
    const cut = this.#cut;
    return cut !== undefined && cut.call === call && cut.number === number && cut.when === when;
  }
}

function count(counts: Record<string, number>, call: string): number {
  const number = (counts[call] ?? 0) + 1;
  counts[call] = number;
  return number;
}

/** The kernel ends the process before this returns: no handler runs, nothing is flushed. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive after SIGKILL');
}

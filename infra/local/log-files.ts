import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LogLine, LogPage, LogQuery } from '../../shared/log.ts';
import type { LogStore } from '../../shared/runs/log-book.ts';
import { dayOf, matches } from '../../shared/runs/log-line.ts';
import { errorCode } from '../../shared/state/file-failure.ts';

const NAME = /^(\d{4}-\d\d-\d\d)\.ndjson$/;
const BLOCK = 256 * 1024;
/** What one reading looks at; what is beyond is the next page's. Bytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The log as lines of JSON, a file a UTC day: the terminal belongs to the progress display. A file that cannot be
 * written is said there, once until it can be written again: work must not end for want of a log.
 */
export class LogFiles implements LogStore {
  readonly #usual: string;
  readonly #say: (line: string) => void;
  #folder: string;
  #made: string | undefined;
  #isLost = false;

  constructor(folder: string, say: (line: string) => void = (line) => process.stderr.write(`${line}\n`)) {
    this.#usual = folder;
    this.#folder = folder;
    this.#say = say;
  }

  moveTo(folder: string | undefined): void {
    this.#folder = folder ?? this.#usual;
  }

  write({ time }: LogLine, json: string): void {
    const path = join(this.#folder, `${time.slice(0, 10)}.ndjson`);
    try {
      if (this.#made !== this.#folder) mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      this.#made = this.#folder;
      appendFileSync(path, `${json}\n`, { mode: 0o600 });
      this.#isLost = false;
    } catch (error) {
      this.#made = undefined;
      if (!this.#isLost)
        this.#say(`The log ${path} cannot be written (${errorCode(error)}); lines are lost.`);
      this.#isLost = true;
    }
  }

  async flush(): Promise<void> {}

  async read(query: LogQuery): Promise<LogPage> {
    const { from = 0, to = Number.POSITIVE_INFINITY, limit } = query;
    const place = placeOf(query.next);
    const lines: LogLine[] = [];
    let left = MOST_BYTES;
    for (const day of this.#days().reverse()) {
      if (day < dayOf(from) || (to !== Number.POSITIVE_INFINITY && day > dayOf(to))) continue;
      if (place && day > place.day) continue;
      const before = place?.day === day ? place.before : undefined;
      for (const { text, at } of linesBackwards(join(this.#folder, `${day}.ndjson`), before)) {
        if (lines.length === limit || left < 0)
          return { lines, next: nextOf({ day, before: at + Buffer.byteLength(text) + 1 }) };
        left -= text.length;
        // Most lines are of other runs: these need not be taken apart.
        if (query.run !== undefined && !text.includes(query.run)) continue;
        const line = parse(text);
        if (line && matches(line, query)) lines.push(line);
      }
    }
    return { lines };
  }

  async remove(before: number): Promise<number> {
    const old = this.#days().filter((day) => day < dayOf(before));
    for (const day of old) rmSync(join(this.#folder, `${day}.ndjson`), { force: true });
    return old.length;
  }

  #days(): string[] {
    try {
      return readdirSync(this.#folder)
        .flatMap((name) => NAME.exec(name)?.[1] ?? [])
        .sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

/** Undefined for a line that a killed process left half written. */
function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

/** Whole lines that end before this offset, last first, each with the offset it begins at. A last one without an end counts. */
function* linesBackwards(
  path: string,
  before: number | undefined,
): Generator<{ readonly text: string; readonly at: number }> {
  const file = openSync(path, 'r');
  try {
    let end = Math.min(before ?? Number.POSITIVE_INFINITY, fstatSync(file).size);
    let rest: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const block = Buffer.alloc(Math.min(BLOCK, end));
      readSync(file, block, 0, block.length, end - block.length);
      end -= block.length;
      rest = Buffer.concat([block, rest]);
      let stop = rest.length;
      for (;;) {
        const cut = rest.lastIndexOf(0x0a, stop - 1);
        if (cut < 0 || stop === 0) break;
        if (cut + 1 < stop) yield { text: rest.toString('utf8', cut + 1, stop), at: end + cut + 1 };
        stop = cut;
      }
      rest = rest.subarray(0, stop);
    }
    if (rest.length > 0) yield { text: rest.toString('utf8'), at: 0 };
  } finally {
    closeSync(file);
  }
}

interface Place {
  readonly day: string;
  readonly before: number;
}

function nextOf({ day, before }: Place): string {
  return `${day}.${before}`;
}

/** Throws RangeError for what no page gave. */
function placeOf(next: string | undefined): Place | undefined {
  if (next === undefined) return undefined;
  const [, day, before] = /^(\d{4}-\d\d-\d\d)\.(\d{1,15})$/.exec(next) ?? [];
  if (day === undefined) throw new RangeError('no place in the log');
  return { day, before: Number(before) };
}

import { randomUUID } from 'node:crypto';
import type { ReportRoot } from '../appliance/row-parser.ts';
import { Failure } from '../errors.ts';
import { type ImportPlace, ImportReader } from '../imports/import-reader.ts';
import { getImport, type ImportFault, putFault } from '../imports/import-record.ts';
import { readImported } from '../imports/imported-session.ts';
import type { Fault } from '../imports/split-items.ts';
import { MOST_ALARMS, reportPart } from '../runs/progress.ts';
import { type TransferKey, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { streamOf } from '../streams/index.ts';
import { type Outcome, type Work, work } from './work.ts';

export interface SplitInput {
  readonly runId: string;
  readonly siteId: string;
  /** Where the last piece of work stopped. */
  readonly from?: SplitFrom;
}

export interface SplitFrom extends ImportPlace {
  /** Of the whole import, before it. */
  readonly loaded: number;
  readonly broken: number;
}

/** A staged piece of an import, in the form of a report as it was sent. */
export interface ImportSlice {
  readonly staged: string;
  /** Names the piece, so that a repeat counts once. */
  readonly part: string;
}

export interface Split {
  readonly slices: readonly ImportSlice[];
  /** Absent: the import was read to its end. */
  readonly next?: SplitFrom;
  /** Our clock, Unix seconds: which open sessions count as abnormally closed is told by it. */
  readonly now: number;
}

export interface SplitLimits {
  readonly sessions: number;
  readonly bytes: number;
  readonly slices: number;
}

/** Of a slice, and slices of one piece of work: some minutes of writing to slow destinations. */
const LIMITS: SplitLimits = { sessions: 500, bytes: 4 * 1024 * 1024, slices: 40 };

/**
 * Takes the next sessions out of an import and stages them in slices. What cannot be read is set aside with its place
 * and the reason. Throws nothing away silently: an import of which nothing could be read fails with the first reason, one without a session says so.
 */
export function splitImport(
  services: Services,
  input: SplitInput,
  limits: SplitLimits = LIMITS,
): Promise<Outcome<Split>> {
  return work(services, input, (at) => new Splitting(at, input, limits).go());
}

class Splitting {
  readonly #at: Work;
  readonly #input: SplitInput;
  readonly #limits: SplitLimits;
  readonly #slices: ImportSlice[] = [];
  readonly #alarms: string[] = [];
  #root: ReportRoot | undefined;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #part = '';
  #loaded: number;
  #broken = 0;

  constructor(at: Work, input: SplitInput, limits: SplitLimits) {
    this.#at = at;
    this.#input = input;
    this.#limits = limits;
    this.#loaded = input.from?.loaded ?? 0;
  }

  async go(): Promise<Split> {
    const { services, signal, run } = this.#at;
    if (!run.import) throw new Error(`run ${run.id} loads no import`);
    const { value: record } = await getImport(services.state, run.import.id);
    const reader = await ImportReader.open(services, record, signal);
    let next: SplitFrom | undefined;
    try {
      if (reader.others > 0 && this.#input.from === undefined)
        this.#alarms.push(
          `${reader.others} ${reader.others === 1 ? 'file' : 'files'} of the ZIP "${record.name}" are no XML (.xml) and were passed over.`,
        );
      for await (const { name, item, place } of reader.items(this.#input.from)) {
        signal.throwIfAborted();
        if (item.kind === 'fault') await this.#setAside(name, place, item);
        else {
          const read = readImported(item.root, item.bytes);
          if (read.reason === undefined) await this.#add(item.root, item.bytes, `${place.file}-${item.at}`);
          else await this.#setAside(name, place, { ...item, kind: 'fault', reason: read.reason });
        }
        if (this.#slices.length >= this.#limits.slices || this.#at.timeIsUp()) {
          next = { ...place, loaded: this.#loaded, broken: this.#brokenSoFar };
          break;
        }
      }
    } finally {
      reader.close();
    }
    await this.#flush();
    await this.#report();
    if (next === undefined) this.#refuseNothing(record.name);
    const now = Math.floor(services.now() / 1000);
    return { slices: this.#slices, now, ...(next === undefined ? {} : { next }) };
  }

  async #add(root: ReportRoot, bytes: Buffer, part: string): Promise<void> {
    // Files of one ZIP share slices where their roots are the same.
    if (this.#root?.startTag !== root.startTag) await this.#flush();
    if (this.#waiting.length === 0) this.#part = `import-${part}`;
    this.#root = root;
    // A copy: the bytes are the reader's.
    this.#waiting.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    this.#loaded++;
    const { sessions, bytes: most } = this.#limits;
    if (this.#waiting.length >= sessions || this.#bytes >= most) await this.#flush();
  }

  async #flush(): Promise<void> {
    const root = this.#root;
    const sessions = this.#waiting;
    if (root === undefined || sessions.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    const { services, run, signal } = this.#at;
    // A name of its own for each attempt: a repeat that overlaps never swaps the bytes under a writer.
    const staged = `${run.id}/${randomUUID()}.xml`;
    async function* document({ startTag, name }: ReportRoot) {
      yield Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${startTag}\n`);
      for (const bytes of sessions) {
        signal.throwIfAborted();
        yield bytes;
        yield Buffer.from('\n');
      }
      yield Buffer.from(`</${name}>\n`);
    }
    await services.staging.write(staged, document(root));
    this.#slices.push({ staged, part: this.#part });
  }

  async #setAside(name: string, place: ImportPlace, { at, lsid, reason }: Fault): Promise<void> {
    const { services, run } = this.#at;
    const fault: ImportFault = { file: name, at, reason, ...(lsid === undefined ? {} : { lsid }) };
    // In the order of files and places.
    const key = [place.file, at].map((number) => String(number).padStart(12, '0')).join('-');
    await putFault(services.state, run.import?.id ?? '', run.id, key, fault);
    const alarm = faultText(fault);
    services.log.warn(alarm, { run: run.id });
    if (this.#alarms.length < MOST_ALARMS) this.#alarms.push(alarm);
    this.#broken++;
  }

  /** At every transfer of session data; an import has one at least where it has any. */
  async #report(): Promise<void> {
    if (this.#broken === 0 && this.#alarms.length === 0) return;
    const { services, run, began } = this.#at;
    const { file, at } = this.#input.from ?? { file: 0, at: 0 };
    const keys = run.transfers.filter(({ stream }) => streamOf(stream).content === 'session');
    const counts = { found: this.#broken, setAside: this.#broken };
    const told: readonly TransferKey[] = (keys.length > 0 ? keys : run.transfers.slice(0, 1)).map(
      transferKey,
    );
    for (const key of told)
      await reportPart(services, run.id, key, `import-faults-${file}-${at}`, counts, {
        alarms: this.#alarms,
        began,
      });
  }

  /** In the whole import. */
  get #brokenSoFar(): number {
    return (this.#input.from?.broken ?? 0) + this.#broken;
  }

  #refuseNothing(name: string): void {
    if (this.#loaded > 0) return;
    const why =
      this.#brokenSoFar === 0 ? ['there is no session in it.', ...this.#alarms].join(' ') : this.#alarms[0];
    throw new Failure(
      'terminal',
      'bad-import',
      `Nothing of "${name}" could be loaded: ${why ?? 'nothing in it could be read'}`,
    );
  }
}

/** One line: which file, where in it, which session, why. */
export function faultText({ file, at, lsid, reason }: ImportFault): string {
  const place = at === undefined || at === 0 ? '' : `, byte ${at}`;
  const session = lsid === undefined ? '' : `, session ${lsid}`;
  return `${file.slice(-200)}${place}${session}: ${reason}`;
}

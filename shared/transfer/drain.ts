import type { Destination, FileSink } from '../destinations/destination.ts';
import { Failure, type FailureReport, reportFailure } from '../errors.ts';
import { MOST_ALARMS, reportPart } from '../runs/progress.ts';
import { addCounts, type Counts, noCounts, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { destinationIn } from '../settings/named-item.ts';
import { streamOf } from '../streams/index.ts';
import type { FileStream, StreamId } from '../streams/stream.ts';
import { fileKey } from './fetch-file.ts';
import { itemPart, ledgerPartition, type OwedEntry, type OwedItem, pieceOf } from './ledger.ts';
import { OwedFile } from './owed-file.ts';
import { holdSlot } from './slots.ts';
import { type Outcome, originOf, type Work, work } from './work.ts';

export interface DrainInput {
  readonly runId: string;
  readonly siteId: string;
  readonly stream: StreamId;
  /** Where the last piece of work stopped. */
  readonly from?: string;
  /** Names this piece of work, so that a repeat counts once. */
  readonly part: number;
  /** Destinations that failed for good in this run. */
  readonly without: readonly string[];
}

export interface Drained {
  /** The ledger was not walked to its end: go on, from `next` where that is given. */
  readonly more: boolean;
  readonly next?: string;
  readonly failures: readonly { readonly destinationId: string; readonly failure: FailureReport }[];
}

const PAGE = 60;
const WORKERS = 3;
/** So many refusals in a row that look like the account's fault, and no success: stop asking. */
const REFUSALS_IN_A_ROW = 5;

/** Fetches what is owed and due: each item read once, for every destination that is owed it. */
export function drain(services: Services, input: DrainInput): Promise<Outcome<Drained>> {
  return work(services, input, (at) => new Drain(at, input).go());
}

class Drain {
  readonly #work: Work;
  readonly #input: DrainInput;
  readonly #stream: FileStream;
  readonly #part: string;
  readonly #piece: string;
  readonly #sinks = new Map<string, FileSink>();
  readonly #failures = new Map<string, FailureReport>();
  readonly #counts = new Map<string, Counts>();
  readonly #alarms = new Map<string, Set<string>>();
  #stopped: FailureReport | undefined;
  #refusals = 0;

  constructor(at: Work, input: DrainInput) {
    this.#work = at;
    this.#input = input;
    this.#part = `drain-${input.part}`;
    this.#piece = pieceOf(input.runId, `${input.stream}|${this.#part}`);
    const stream = streamOf(input.stream);
    if (stream.content !== 'file') throw new Error(`${stream.id} has no files`);
    this.#stream = stream;
  }

  async go(): Promise<Drained> {
    await this.#openSinks();
    const { services, site } = this.#work;
    let from = this.#input.from;
    let more = false;
    while (this.#sinks.size > 0 && this.#stopped === undefined) {
      if (this.#work.timeIsUp()) {
        more = true;
        break;
      }
      const page = await services.state.list<OwedItem>(
        'ledger',
        ledgerPartition(site.id, this.#stream.id),
        from === undefined ? { limit: PAGE } : { from, limit: PAGE },
      );
      const groups = groupByItem(page.entries);
      // The last item of a page may have more rows on the next one: begin there again.
      const cut = page.next !== undefined && groups.length > 1 ? groups.pop() : undefined;
      const finished = await this.#fetchAll(groups);
      if (!finished) {
        more = true;
        break;
      }
      from = cut?.[0]?.key ?? page.next;
      if (from === undefined) break;
    }
    await this.#countStoredSnapshot();
    await this.#report();
    const failures = [...this.#failures].map(([destinationId, failure]) => ({ destinationId, failure }));
    return { failures, more, ...(more && from !== undefined ? { next: from } : {}) };
  }

  /** A delivery before this one may have stored it, and died before it said so. */
  async #countStoredSnapshot(): Promise<void> {
    if (this.#stream.from !== 'snapshot') return;
    const { run, site } = this.#work;
    const { key } = this.#stream.itemAt(new Date(run.dueAt));
    for (const [destinationId, sink] of this.#sinks)
      if (
        !this.#counts.has(destinationId) &&
        (await sink.find(fileKey(originOf(site), this.#stream.id, key)))
      )
        this.#add(destinationId, { repeated: 1 });
  }

  async #openSinks(): Promise<void> {
    const { services, run, settings, site } = this.#work;
    for (const { siteId, stream, destinationId } of run.transfers) {
      if (siteId !== site.id || stream !== this.#stream.id || this.#input.without.includes(destinationId))
        continue;
      try {
        const destination = await services.destination(destinationIn(settings, destinationId));
        this.#sinks.set(destinationId, sinkOf(destination, this.#stream));
      } catch (error) {
        this.#failures.set(destinationId, reportFailure(error));
      }
    }
  }

  /** False when time ran out before all were seen to. */
  async #fetchAll(groups: OwedEntry[][]): Promise<boolean> {
    const queue = groups
      .map((rows) => rows.filter((row) => this.#isDue(row)))
      .filter((rows) => rows.length > 0);
    if (queue.length === 0) return true;
    const { services, site, signal } = this.#work;
    const workers = Array.from({ length: Math.min(WORKERS, site.concurrency, queue.length) }, async () => {
      const slot = await holdSlot(services, site, signal);
      try {
        for (;;) {
          if (this.#stopped !== undefined || this.#sinks.size === 0 || this.#work.timeIsUp()) return;
          const rows = queue.shift();
          if (!rows) return;
          const file = new OwedFile(this.#work, this.#stream, originOf(site), rows, this.#sinks, this.#piece);
          this.#take(await file.fetch(slot));
        }
      } finally {
        await slot.release();
      }
    });
    const ends = await Promise.allSettled(workers);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return queue.length === 0 || this.#stopped !== undefined || this.#sinks.size === 0;
  }

  #isDue({ value }: OwedEntry): boolean {
    const { run, services } = this.#work;
    // A delivery of this step before this one gave it up, and died before it said so.
    if (this.#isGivenUpHere(value)) {
      this.#add(value.destinationId, { setAside: 1 });
      if (value.lastFailure) this.#alarm(value.destinationId, value.lastFailure.message);
    }
    if (value.state !== 'pending' || !this.#sinks.has(value.destinationId)) return false;
    if (run.kind === 'pull') return value.wantedBy === run.id && value.lastFailure === undefined;
    // Each run makes the snapshot of its own instant.
    if (this.#stream.from === 'snapshot' && value.wantedBy !== run.id) return false;
    const due = value.nextAttempt <= services.now();
    if (!due) {
      this.#add(value.destinationId, { postponed: 1 });
      if (value.lastFailure) this.#alarm(value.destinationId, value.lastFailure.message);
    }
    return due;
  }

  #isGivenUpHere({ state, givenUpBy, destinationId }: OwedItem): boolean {
    return state === 'set-aside' && givenUpBy === this.#piece && this.#sinks.has(destinationId);
  }

  #take(result: Awaited<ReturnType<OwedFile['fetch']>>): void {
    for (const [destinationId, counts] of result.counts) this.#add(destinationId, counts);
    for (const [destinationId, alarm] of result.alarms) this.#alarm(destinationId, alarm);
    for (const [destinationId, failure] of result.broken) {
      this.#failures.set(destinationId, failure);
      this.#sinks.delete(destinationId);
    }
    if (result.siteFailure !== undefined) this.#stop(result.siteFailure);
    if (result.refusal === undefined) this.#refusals = 0;
    else if (++this.#refusals >= REFUSALS_IN_A_ROW) this.#stop(result.refusal);
  }

  #stop(failure: FailureReport): void {
    this.#stopped ??= failure;
    for (const id of this.#sinks.keys()) this.#failures.set(id, failure);
  }

  #alarm(destinationId: string, alarm: string): void {
    const alarms = this.#alarms.get(destinationId) ?? new Set();
    if (alarms.size < MOST_ALARMS) this.#alarms.set(destinationId, alarms.add(alarm));
  }

  #add(destinationId: string, counts: Partial<Counts>): void {
    this.#counts.set(destinationId, addCounts(this.#counts.get(destinationId) ?? noCounts, counts));
  }

  async #report(): Promise<void> {
    const { services, run, site } = this.#work;
    for (const [destinationId, counts] of this.#counts) {
      const key = transferKey({ siteId: site.id, stream: this.#stream.id, destinationId });
      const alarms = [...(this.#alarms.get(destinationId) ?? [])];
      await reportPart(services, run.id, key, this.#part, counts, {
        alarms,
        began: this.#work.began,
      });
    }
  }
}

/** Files where the destination takes files; else, of a report that is no session, rows. */
function sinkOf({ name, files, reports }: Destination, { from, title }: FileStream): FileSink {
  const sink = files ?? (from === 'bucket' ? reports : undefined);
  if (sink) return sink;
  throw new Failure('terminal', 'no-files', `"${name}" cannot take files (${title}).`);
}

function groupByItem(entries: readonly OwedEntry[]): OwedEntry[][] {
  const groups: OwedEntry[][] = [];
  let last: string | undefined;
  for (const entry of entries) {
    const item = itemPart(entry.key);
    if (item === last) groups.at(-1)?.push(entry);
    else groups.push([entry]);
    last = item;
  }
  return groups;
}

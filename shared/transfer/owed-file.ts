import type { FileSink, Origin } from '../destinations/destination.ts';
import { Failure, type FailureReport, reportFailure } from '../errors.ts';
import { withRetry } from '../retry.ts';
import { type Counts, getRun, isFinished } from '../runs/run.ts';
import { StateConflict } from '../state/state-store.ts';
import type { FileStream } from '../streams/stream.ts';
import { beginAttempt, dropAttempt, failAttempt } from './attempts.ts';
import { type FileOutcome, fetchFile, fileKey } from './fetch-file.ts';
import { ledgerPartition, type OwedEntry, type OwedItem } from './ledger.ts';
import { openOwed } from './open-owed.ts';
import type { Slot } from './slots.ts';
import type { Work } from './work.ts';

/** Failures of a site as a whole: nothing else of it can be had either. */
const siteFailures = new Set([
  'wrong-secret',
  'secret-missing',
  'secrets-readable',
  'certificate',
  'bad-host',
]);

/** As long as the platform lets an activity work (functionTimeout in host.json). Milliseconds. */
const LONGEST_ATTEMPT = 2 * 3_600_000;

export interface OwedFileResult {
  readonly counts: Map<string, Partial<Counts>>;
  readonly alarms: Map<string, string>;
  /** Destinations that take nothing more until a person acts. */
  readonly broken: Map<string, FailureReport>;
  siteFailure?: FailureReport;
  /** The account may not have this item, or any. */
  refusal?: FailureReport;
}

/** One item of the ledger and the destinations that are owed it: one attempt, recorded before it is made. */
export class OwedFile {
  readonly #work: Work;
  readonly #stream: FileStream;
  readonly #origin: Origin;
  readonly #rows: readonly OwedEntry[];
  readonly #sinks: ReadonlyMap<string, FileSink>;
  /** Of the work that this is part of: see `OwedItem.givenUpBy`. */
  readonly #piece: string;
  readonly #result: OwedFileResult = { counts: new Map(), alarms: new Map(), broken: new Map() };

  constructor(
    at: Work,
    stream: FileStream,
    origin: Origin,
    rows: readonly OwedEntry[],
    sinks: ReadonlyMap<string, FileSink>,
    piece: string,
  ) {
    this.#work = at;
    this.#stream = stream;
    this.#origin = origin;
    this.#rows = rows;
    this.#sinks = sinks;
    this.#piece = piece;
  }

  async fetch(slot: Slot): Promise<OwedFileResult> {
    const begun = (await Promise.all(this.#rows.map((row) => this.#begin(row)))).filter(
      (row) => row !== undefined,
    );
    const wanted = await this.#leaveOutStored(begun);
    if (wanted.length === 0) return this.#result;
    const outcomes = await this.#attempt(wanted, slot);
    for (const row of wanted) {
      const outcome = outcomes.get(row.value.destinationId);
      if (!outcome) throw new Error(`no outcome for ${row.key}`);
      await this.#settle(row, outcome);
    }
    return this.#result;
  }

  /** Undefined when no attempt is to be made: it is done, somebody else's, or the row was set aside. */
  async #begin(row: OwedEntry): Promise<OwedEntry | undefined> {
    const other = row.value.underWay?.run;
    if (other !== undefined && other !== this.#work.run.id) {
      // A run that goes on is not a run that was cut off: it is at it now.
      const owner = await getRun(this.#work.services.state, other);
      const since = this.#work.services.now() - (row.value.underWay?.at ?? 0);
      if (owner && !isFinished(owner) && since < LONGEST_ATTEMPT) {
        this.#count(row, { postponed: 1 });
        return undefined;
      }
    }
    const begun = beginAttempt(row.value, this.#work.run.id);
    const next = begun.underWay
      ? { ...begun, underWay: { ...begun.underWay, at: this.#work.services.now() } }
      : begun;
    const saved = await this.#save(row, next);
    if (!saved) return this.#join(row);
    if (next.state === 'set-aside') this.#count(row, { setAside: 1 });
    return next.state === 'pending' ? saved : undefined;
  }

  /**
   * The row changed under us. Where it is this same step, delivered twice, that was faster, it may die before it is
   * done: then this delivery's answer is the one that counts, so it must not say done before the file is stored.
   */
  async #join(row: OwedEntry): Promise<OwedEntry | undefined> {
    const { services, site, run } = this.#work;
    const now = await services.state.get<OwedItem>(
      'ledger',
      ledgerPartition(site.id, this.#stream.id),
      row.key,
    );
    if (now?.value.state === 'pending' && now.value.underWay?.run === run.id) return now;
    if (!now) this.#count(row, { repeated: 1 });
    else this.#count(row, now.value.state === 'pending' ? { postponed: 1 } : { setAside: 1 });
    return undefined;
  }

  /** A host may have died after the file was stored and before its row went away. */
  async #leaveOutStored(rows: readonly OwedEntry[]): Promise<OwedEntry[]> {
    const wanted: OwedEntry[] = [];
    for (const row of rows) {
      const sink = this.#sinks.get(row.value.destinationId);
      // The sink went while this item waited in the queue: its row stays as it is.
      if (!sink) await this.#save(row, dropAttempt(row.value));
      else if (await sink.find(fileKey(this.#origin, this.#stream.id, row.value.item.key)))
        await this.#settle(row, { status: 'unchanged', bytes: 0 });
      else wanted.push(row);
    }
    return wanted;
  }

  async #attempt(rows: readonly OwedEntry[], slot: Slot): Promise<Map<string, FileOutcome>> {
    const { run, signal } = this.#work;
    const outcomes = new Map<string, FileOutcome>();
    const left = new Map<string, FileSink>();
    for (const { value } of rows) {
      const sink = this.#sinks.get(value.destinationId);
      if (sink) left.set(value.destinationId, sink);
      else
        outcomes.set(value.destinationId, {
          status: 'failed',
          error: new Failure('transient', 'later', 'Later.'),
        });
    }
    const item = rows[0]?.value.item;
    if (!item) throw new Error('an owed file without rows');
    const open = async () => {
      await slot.take(signal);
      return openOwed(this.#work, this.#stream, item);
    };
    const request = { origin: this.#origin, stream: this.#stream, item, open, run: run.id, signal };
    try {
      const fetched = await withRetry(() => fetchFile({ ...request, sinks: left }), { signal });
      for (const [id, outcome] of fetched) outcomes.set(id, outcome);
    } catch (error) {
      if (signal.aborted) {
        for (const row of rows) await this.#save(row, dropAttempt(row.value));
        throw error;
      }
      for (const id of left.keys()) outcomes.set(id, { status: 'failed', error });
      this.#judgeSite(error);
    }
    return outcomes;
  }

  #judgeSite(error: unknown): void {
    const failure = reportFailure(error);
    if (failure.kind === 'internal') throw error;
    if (failure.kind !== 'terminal') return;
    if (siteFailures.has(failure.code)) this.#result.siteFailure = failure;
    else this.#result.refusal = failure;
  }

  async #settle(row: OwedEntry, outcome: FileOutcome): Promise<void> {
    const { state } = this.#work.services;
    if (outcome.status !== 'failed') {
      const partition = ledgerPartition(this.#work.site.id, this.#stream.id);
      await state.remove('ledger', partition, row.key);
      this.#work.services.log.debug('File settled', {
        ...this.#about(row),
        outcome: outcome.status,
        bytes: outcome.status === 'empty' ? undefined : outcome.bytes,
      });
      if (outcome.status === 'empty') return;
      if (this.#stream.from === 'bucket') this.#count(row, { found: 1 });
      if (outcome.status === 'stored') this.#count(row, { stored: 1, bytes: outcome.bytes });
      else this.#count(row, outcome.status === 'skipped' ? { skipped: 1 } : { repeated: 1 });
      if (outcome.unverified)
        this.#result.alarms.set(
          row.value.destinationId,
          `${row.value.item.key}: nothing proves that it is whole`,
        );
      return;
    }
    const report = reportFailure(outcome.error);
    if (!(outcome.error instanceof Failure)) throw outcome.error;
    const ofSink = this.#result.siteFailure === undefined && this.#result.refusal === undefined;
    if (this.#result.siteFailure !== undefined) await this.#save(row, dropAttempt(row.value));
    else if (ofSink && outcome.error.kind === 'terminal') {
      await this.#save(row, dropAttempt(row.value));
      this.#result.broken.set(row.value.destinationId, report);
      this.#count(row, { postponed: 1 });
    } else {
      const { services, site } = this.#work;
      const next = failAttempt(row.value, outcome.error, report, services.now(), site.recordingRetryHours);
      await this.#save(row, next);
      this.#result.alarms.set(row.value.destinationId, report.message);
      this.#count(row, next.state === 'set-aside' ? { setAside: 1 } : { postponed: 1 });
    }
    this.#work.services.log.warn(report.message, { ...this.#about(row), code: report.code });
  }

  #about({ value }: OwedEntry) {
    const { run, site } = this.#work;
    const { item, destinationId } = value;
    return {
      run: run.id,
      site: site.id,
      stream: this.#stream.id,
      item: item.key,
      destination: destinationId,
    };
  }

  /** Undefined when the row changed under us: then another worker looks after it. */
  async #save(row: OwedEntry, next: OwedItem): Promise<OwedEntry | undefined> {
    const { state } = this.#work.services;
    const value = next.state === 'set-aside' ? { ...next, givenUpBy: this.#piece } : next;
    const partition = ledgerPartition(this.#work.site.id, this.#stream.id);
    try {
      return { ...row, value, etag: await state.update('ledger', partition, row.key, value, row.etag) };
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      return undefined;
    }
  }

  #count({ value: { destinationId } }: OwedEntry, counts: Partial<Counts>): void {
    this.#result.counts.set(destinationId, { ...this.#result.counts.get(destinationId), ...counts });
  }
}

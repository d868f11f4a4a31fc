import { readPresentations } from '../appliance/reports/presentations.ts';
import { readSessionReport } from '../appliance/session-report.ts';
import { indexSessions } from '../catalog/index-sessions.ts';
import { importedReadAt } from '../imports/imported-session.ts';
import { reportPart } from '../runs/progress.ts';
import { type Counts, type Transfer, type TransferKey, transferKey, transferOf } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { SessionReading } from '../sessions/session.ts';
import { destinationIn } from '../settings/named-item.ts';
import { recordedHost } from '../settings/site.ts';
import { streamOf } from '../streams/index.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import { missedSessions } from './missed-sessions.ts';
import { forgetOpen, isFinal, openRow, openSessions, rememberOpen } from './open-sessions.ts';
import { recordingTaker } from './take-files.ts';
import { sessionTaker } from './take-sessions.ts';
import type { TakenSession, Taker } from './taker.ts';
import { type Outcome, originOf, type Work, work } from './work.ts';

export interface WriteInput {
  readonly runId: string;
  readonly siteId: string;
  readonly transfer: TransferKey;
  readonly staged?: string;
  /**
   * `ended`: sessions that ended in a window. `began`: sessions that began in it; those with an end are met by the
   * window they ended in. `named`: known open ones, by lsid. `pull`: whatever was asked for.
   * `import`: of a file, nobody knows when it was read.
   */
  readonly reading: 'ended' | 'began' | 'named' | 'pull' | 'import';
  /** For `named`, and for a `pull` of named ones: who should be in it. */
  readonly expected?: readonly string[];
  /** Names this piece of work, so that a repeat counts once. */
  readonly part: string;
  readonly readAt: number;
  /** Both clocks at the plan, Unix seconds: they turn `readAt` into appliance time. */
  readonly appliance: number;
  readonly ours: number;
  readonly applianceId?: string;
  readonly apiVersion?: string;
}

const BATCH_SESSIONS = 100;
const BATCH_CHARACTERS = 4_000_000;

/** Brings one staged slice to one transfer. All of it is durable when this is done; it may be done again. */
export function writeReport(services: Services, input: WriteInput): Promise<Outcome<object>> {
  return work(services, input, async (at) => {
    const transfer = transferOf(at.run, input.transfer);
    const writer = new ReportWriter(at, input, transfer, await taker(at, input, transfer));
    await writer.write();
    const { counts, alarms } = writer;
    const { began } = at;
    const unfinished = writer.unfinished();
    await reportPart(services, at.run.id, input.transfer, input.part, counts, { alarms, began, unfinished });
    return {};
  });
}

async function taker(at: Work, input: WriteInput, transfer: Transfer): Promise<Taker> {
  const destination = await at.services.destination(destinationIn(at.settings, transfer.destinationId));
  const stream = streamOf(transfer.stream);
  if (stream.from !== 'session-report') throw new Error(`${stream.id} does not come from session reports`);
  const origin = originOf(at.site, input);
  return stream.content === 'file'
    ? recordingTaker(at, origin, stream, destination, transfer)
    : sessionTaker(at, origin, stream, destination);
}

class ReportWriter {
  readonly #at: Work;
  readonly #input: WriteInput;
  readonly #transfer: TransferKey;
  readonly #taker: Taker;
  readonly #kind: SessionReportKind;
  #open = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #running = new Set<string>();
  counts: Record<string, number> = {};
  readonly alarms: string[] = [];

  constructor(at: Work, input: WriteInput, transfer: Transfer, taker: Taker) {
    this.#at = at;
    this.#input = input;
    this.#transfer = transferKey(transfer);
    this.#taker = taker;
    const stream = streamOf(transfer.stream);
    this.#kind = stream.from === 'session-report' ? stream.report : 'session';
  }

  async write(): Promise<void> {
    const { services } = this.#at;
    if (this.#remembers())
      this.#open = new Set(
        (await openSessions(services.state, this.#transfer, Number.POSITIVE_INFINITY)).map(
          ({ lsid }) => lsid,
        ),
      );
    if (this.#input.staged !== undefined) await this.#writeStaged(this.#input.staged);
    if (this.#input.reading === 'pull') this.#sayUnknown();
    if (this.#input.reading === 'named') {
      const { expected = [], appliance, part } = this.#input;
      const missing = expected.filter((lsid) => !this.#seen.has(lsid));
      this.#count({ setAside: await missedSessions(this.#at, this.#transfer, missing, appliance, part) });
    }
  }

  /** Pulls and imports bring what they were asked for, and leave what schedules remember alone. */
  #remembers(): boolean {
    return this.#input.reading !== 'pull' && this.#input.reading !== 'import';
  }

  /** Of a pull of named sessions: those that are not to be had yet, or not whole. */
  unfinished(): string[] {
    if (this.#input.reading !== 'pull') return [];
    const seen = new Set([...this.#seen].map((lsid) => lsid.toLowerCase()));
    return (this.#input.expected ?? []).filter((lsid) => !seen.has(lsid) || this.#running.has(lsid));
  }

  #sayUnknown(): void {
    const { name, host } = this.#at.site;
    const seen = new Set([...this.#seen].map((lsid) => lsid.toLowerCase()));
    for (const lsid of this.#input.expected ?? [])
      if (!seen.has(lsid))
        this.alarms.push(
          `${name} (${host}) does not know the ${this.#kind} ${lsid}: check its id, and the site.`,
        );
  }

  async #writeStaged(staged: string): Promise<void> {
    const bytes = this.#at.services.staging.read(staged);
    const report = this.#kind === 'presentation' ? readPresentations(bytes) : readSessionReport(bytes);
    let batch: TakenSession[] = [];
    let characters = 0;
    const readAt = this.#input.appliance + this.#input.readAt / 1000 - this.#input.ours;
    for await (const reading of report) {
      this.#at.signal.throwIfAborted();
      this.#seen.add(reading.session.lsid);
      if (reading.session.endTime === null) this.#running.add(reading.session.lsid.toLowerCase());
      if (!this.#isWanted(reading)) continue;
      if (!report.root) throw new Error('a session without a root');
      const final = isFinal(reading.session, this.#input.appliance, this.#at.site.openSessionHours);
      const at = this.#input.reading === 'import' ? importedReadAt(reading) : readAt;
      batch.push({ reading, final, readAt: at, root: report.root });
      characters += reading.xml.length;
      if (batch.length >= BATCH_SESSIONS || characters >= BATCH_CHARACTERS) {
        await this.#flush(batch);
        batch = [];
        characters = 0;
      }
    }
    if (batch.length > 0) await this.#flush(batch);
  }

  #isWanted({ session }: SessionReading): boolean {
    switch (this.#input.reading) {
      case 'began':
        return session.endTime === null;
      case 'named':
        return this.#open.has(session.lsid);
      default:
        return true;
    }
  }

  async #flush(batch: readonly TakenSession[]): Promise<void> {
    const counts = await this.#taker.take(batch);
    await this.#index(batch);
    const running = batch.filter(({ final }) => !final).length;
    this.#count({ ...counts, open: running });
    if (this.#remembers()) await this.#rememberOpen(batch);
  }

  /** Before the slice is committed, so that whatever is stored can be found. */
  async #index(batch: readonly TakenSession[]): Promise<void> {
    const { services, site } = this.#at;
    const indexed = { siteId: site.id, host: recordedHost(site), kind: this.#kind };
    const readings = batch.map(({ reading: { session, hash }, readAt }) => ({ session, hash, readAt }));
    await indexSessions(services.state, indexed, readings);
  }

  /** After the sessions are stored: one that is still open is asked for again, one that closed is forgotten. */
  async #rememberOpen(batch: readonly TakenSession[]): Promise<void> {
    const { services, site } = this.#at;
    for (const { reading } of batch) {
      const { session } = reading;
      const row =
        session.endTime === null ? openRow(session, this.#input.appliance, site.openSessionHours) : undefined;
      if (row) await rememberOpen(services.state, this.#transfer, row);
      else if (this.#open.has(session.lsid)) await forgetOpen(services.state, this.#transfer, session.lsid);
    }
  }

  #count(counts: Partial<Counts>): void {
    for (const [name, value] of Object.entries(counts)) this.counts[name] = (this.counts[name] ?? 0) + value;
  }
}

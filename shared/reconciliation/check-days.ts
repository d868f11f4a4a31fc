import { Failure } from '../errors.ts';
import type { SessionReportKind } from '../streams/stream.ts';
import { CANNOT_TELL, checkListed } from './check-listed.ts';
import { checkSnapshots } from './check-snapshots.ts';
import { checkWindow } from './check-window.ts';
import { allCoverage, type Coverage, coverageKey, saveCoverage, withForgotten } from './coverage.ts';
import type { Day } from './days.ts';
import type { Gaps } from './gaps.ts';
import { type Listed, listEnded } from './listing.ts';
import { OwedIndex } from './owed-index.ts';
import type { OpenTransfer, Problems, SiteWork } from './site-work.ts';

/** Checks days one after the other, and keeps what it finds of each. */
export class DayChecks {
  readonly #at: SiteWork;
  readonly #transfers: readonly OpenTransfer[];
  readonly #problems: Problems;
  readonly #gaps: Gaps;
  readonly #ledger: OwedIndex;
  /** The day before could not be listed. */
  #failedBefore = false;
  /** Days from here on have had their snapshots due lately enough for their runs to be remembered. */
  readonly #snapshotsFrom: number;

  constructor(
    at: SiteWork,
    transfers: readonly OpenTransfer[],
    problems: Problems,
    gaps: Gaps,
    snapshotsFrom: number,
  ) {
    this.#at = at;
    this.#transfers = transfers;
    this.#problems = problems;
    this.#gaps = gaps;
    this.#ledger = new OwedIndex(at);
    this.#snapshotsFrom = snapshotsFrom;
  }

  /**
   * Resolves to how many items are missing. A day that cannot be listed is told and passed over; after two in a row the
   * failure is thrown, since it is the appliance then and not the day.
   */
  async check(day: Day): Promise<number> {
    const { services, site } = this.#at;
    const days = { from: day.name, to: day.name };
    const before = new Map(
      (await allCoverage(services.state, site.id, days)).map((row) => [coverageKey(row), row]),
    );
    const listings: Listings = new Map();
    const rows: Coverage[] = [];
    let missing = 0;
    for (const open of this.#transfers) {
      if (open.mark && open.mark.begin >= day.to) continue;
      const listed = await this.#listedFor(open, day, listings);
      if (listed instanceof Failure) {
        this.#problems.tell(open.key, `${day.name} could not be listed: ${listed.message}`);
        continue;
      }
      await this.#problems.trying(open.key, async () => {
        const checked = await this.#checkOne(open, day, listed, before);
        if (!checked) return;
        rows.push(checked.row);
        missing += checked.row.missing;
        this.#gaps.add(day, open, checked.missing);
      });
    }
    await saveCoverage(
      services.state,
      site.id,
      rows.map((row) => withForgotten(before.get(coverageKey(row)), row)),
    );
    const failure = (await Promise.all(listings.values())).find((listed) => listed instanceof Failure);
    if (failure && this.#failedBefore) throw failure;
    this.#failedBefore = failure !== undefined;
    return missing;
  }

  async #checkOne(
    open: OpenTransfer,
    day: Day,
    listed: Listed | undefined,
    before: ReadonlyMap<string, Coverage>,
  ): Promise<{ readonly row: Coverage; readonly missing: readonly string[] } | undefined> {
    const { stream } = open;
    const { destinationId } = open.transfer;
    if (stream.from === 'snapshot') {
      if (day.from < this.#snapshotsFrom) return undefined;
      const row = await checkSnapshots(this.#at, open, stream, day, this.#ledger);
      return row && { row, missing: [] };
    }
    if (!listed || !isListed(open)) {
      const known = before.get(coverageKey({ day: day.name, stream: stream.id, destinationId }));
      const row = await checkWindow(this.#at, open, day, listed, this.#ledger, known);
      return { row, missing: [] };
    }
    const checked = await checkListed(this.#at, open, day, listed, this.#ledger);
    if (!checked) this.#problems.tell(open.key, `"${open.destination.name}": ${CANNOT_TELL}.`);
    return checked;
  }

  /** The day's listing from where the transfer begins: asked for once for all that want the same. */
  #listedFor(
    { stream, mark }: OpenTransfer,
    day: Day,
    listings: Listings,
  ): Promise<Listed | Failure> | undefined {
    if (stream.from !== 'session-report' || !mark) return undefined;
    const from = Math.max(day.from, mark.begin);
    const key = `${stream.report}|${from}`;
    const listed = listings.get(key) ?? this.#list(stream.report, from, day.to);
    listings.set(key, listed);
    return listed;
  }

  async #list(report: SessionReportKind, from: number, to: number): Promise<Listed | Failure> {
    try {
      return await listEnded(this.#at, report, { from, to });
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  }
}

/** By report, and where the window begins. */
type Listings = Map<string, Promise<Listed | Failure>>;

/**
 * What a listing shows one by one: sessions, which of them have a recording, and presentations. That of presentations
 * is not documented well enough to say which of them have one.
 */
function isListed({ stream }: OpenTransfer): boolean {
  return stream.from === 'session-report' && (stream.content !== 'file' || stream.id === 'session-recording');
}

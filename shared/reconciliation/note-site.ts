import type { FailureReport } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import { type CoverageNote, notifyOfCoverage } from '../notifications/index.ts';
import { type TransferKey, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { streamOf } from '../streams/index.ts';
import { allCoverage, type Coverage } from './coverage.ts';
import { DAY_SECONDS, type Day, dayName } from './days.ts';
import type { Reconciliation } from './record.ts';
import { type Problems, wantedTransfers } from './site-work.ts';

/** How long before the appliance forgets something that is still to be stored people are told; where it keeps little, less. */
const warningDays = (keepsDays: number) => Math.min(10, Math.floor(keepsDays / 3));

interface Found {
  readonly today: Day;
  readonly problems: Pick<Problems, 'told'>;
  /** What the appliance has forgotten since the last time, by transfer. */
  readonly lost: ReadonlyMap<TransferKey, number>;
}

/** Tells people what a reconciliation found at a site, and what is over. From the rows it wrote: a repeat tells the same. */
export async function noteSite(
  services: Services,
  settings: Settings,
  record: Reconciliation,
  siteId: string,
  found: Found | { readonly failure: FailureReport },
): Promise<void> {
  const by = { runId: record.id, dueAt: record.at };
  const site = settings.sites.find(({ id }) => id === siteId);
  if (!site) return;
  if ('failure' in found) {
    const message = `What is stored could not be compared with the appliance: ${found.failure.message}`;
    await tell(services, settings, [{ ...by, what: 'unchecked', siteId, message }]);
    return;
  }
  const notes: CoverageNote[] = [{ ...by, what: 'unchecked', siteId }];
  const { today, problems, lost } = found;
  const from = today.from - site.applianceKeepsDays * DAY_SECONDS;
  const days = { from: dayName(from), to: today.name };
  const rows = Map.groupBy(await allCoverage(services.state, siteId, days), (row) => transferKey(row));
  const warning = warningDays(site.applianceKeepsDays);
  const old = dayName(from + warning * DAY_SECONDS);
  for (const transfer of wantedTransfers(settings, siteId)) {
    const key = transferKey(transfer);
    const of = rows.get(key) ?? [];
    const { stream, destinationId } = transfer;
    const about = { ...by, siteId, stream, destinationId };
    const problem = problems.told.get(key);
    notes.push({
      ...about,
      what: 'unchecked',
      ...(problem === undefined ? {} : { message: `It could not be checked: ${problem}` }),
    });
    const gone = lost.get(key) ?? 0;
    if (gone > 0) notes.push({ ...about, what: 'lost', message: lostText(gone) });
    // What could not be looked at is neither found nor over.
    if (problem !== undefined) continue;
    notes.push(
      { ...about, what: 'missing', ...messageOf(missingText(of)) },
      { ...about, what: 'hidden', ...messageOf(hiddenText(of)) },
      {
        ...about,
        what: 'aging',
        ...messageOf(
          agingText(
            of.filter(({ day }) => day < old),
            warning,
          ),
        ),
      },
    );
  }
  await tell(services, settings, notes);
}

async function tell(services: Services, settings: Settings, notes: readonly CoverageNote[]): Promise<void> {
  for (const { what, siteId, stream, destinationId, message } of notes)
    if (message !== undefined)
      services.log.warn(logEvents.coverageTrouble, {
        what,
        site: siteId,
        stream,
        destination: destinationId,
        detail: message,
      });
  await notifyOfCoverage(services, settings, notes);
}

const messageOf = (message: string | undefined) => (message === undefined ? {} : { message });

function missingText(rows: readonly Coverage[]): string | undefined {
  const gaps = rows.filter(({ missing }) => missing > 0);
  if (gaps.length === 0) return undefined;
  const count = sum(gaps, ({ missing }) => missing);
  return `${count} missing, of ${daysText(gaps)}: on the appliance and neither stored nor owed. They are being pulled.`;
}

function hiddenText(rows: readonly Coverage[]): string | undefined {
  const days = rows.filter(({ hidden }) => hidden > 0);
  const [row] = days;
  if (!row) return undefined;
  const count = sum(days, ({ hidden }) => hidden);
  return `${count} ${streamOf(row.stream).title.toLowerCase()} of ${daysText(days)} are on the appliance, and the API account is not shown them: give it the permission to view session recordings, at /login > Management > API Configuration.`;
}

function agingText(rows: readonly Coverage[], warning: number): string | undefined {
  const days = rows.filter(
    ({ owed, missing, hidden, setAside, covered }) => owed + missing + hidden + setAside > 0 || !covered,
  );
  if (days.length === 0) return undefined;
  const count = sum(days, ({ owed, missing, hidden, setAside }) => owed + missing + hidden + setAside);
  return `${count === 0 ? 'Days that were not read' : `${count} items`}, of ${daysText(days)}, are still not stored, and the appliance forgets them within ${warning} days.`;
}

function lostText(count: number): string {
  return `${count} items were not stored before the appliance forgot them. They are counted as aged out.`;
}

function daysText(rows: readonly Coverage[]): string {
  const days = [...new Set(rows.map(({ day }) => day))].sort();
  const [first] = days;
  const last = days.at(-1);
  return first === last ? `${first}` : `${days.length} days from ${first} to ${last}`;
}

function sum(rows: readonly Coverage[], of: (row: Coverage) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

import type { FailureReport } from '../errors.ts';
import { reportPart } from '../runs/progress.ts';
import { type Transfer, type TransferKey, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { streamOf } from '../streams/index.ts';
import type { SessionReportKind, StreamId } from '../streams/stream.ts';
import { alarmOfJump } from './jump-alarm.ts';
import { refusals } from './refusals.ts';
import { holdSlot } from './slots.ts';
import { beginAt, ensureWatermark } from './watermark.ts';
import { type MarkBounds, planWindow, segments, slices, type Window } from './window.ts';
import { type Outcome, type Work, work } from './work.ts';

/** A stretch of time to be read, and the transfers that get it. */
export interface Slice extends Window {
  readonly transfers: readonly TransferKey[];
}

export interface SessionsPlan {
  /** Unix seconds, both clocks read together. */
  readonly appliance: number;
  readonly ours: number;
  readonly applianceId?: string;
  readonly apiVersion?: string;
  /** Of a pull: whatever is asked for is delivered, and no watermark moves. */
  readonly pull: boolean;
  /** Of a pull: by which of its times a session lies in a slice. Absent: by its begin. */
  readonly by?: 'end_time';
  /** In order of time. At most {@link SLICES_A_PLAN}; `more`: plan again when these are done. */
  readonly slices: readonly Slice[];
  readonly more: boolean;
  readonly marks: Readonly<Record<TransferKey, Mark>>;
  /** Transfers whose data type this appliance or account cannot give. */
  readonly refused: Readonly<Record<TransferKey, FailureReport>>;
}

type Windows = Pick<SessionsPlan, 'slices' | 'more' | 'marks' | 'by'>;

/** The fence: a watermark moves under this ETag only, and keeps to its bounds. */
export interface Mark extends MarkBounds {
  readonly etag: string;
}

const SLICES_A_PLAN = 60;
const SESSIONS_A_SLICE = 2000;
/** Windows up to this are read in one piece without asking how much is in them. */
const SHORT_WINDOW = 6 * 3600;

export interface PlanInput {
  readonly runId: string;
  readonly siteId: string;
  /** Transfers that failed for good in this run. */
  readonly without: readonly TransferKey[];
  /** Absent: sessions. */
  readonly report?: SessionReportKind;
}

/** Asks the appliance for its time, and says what is to be read for which transfers. */
export function planSessions(services: Services, input: PlanInput): Promise<Outcome<SessionsPlan>> {
  return work(services, input, async (at) => {
    const slot = await holdSlot(services, at.site, at.signal);
    try {
      await slot.take(at.signal);
      const info = await services.appliance(at.site).info({ signal: at.signal });
      const ours = Math.floor(services.now() / 1000);
      const wanted = at.run.transfers
        .filter(({ siteId, stream }) => siteId === at.site.id && isFedBy(stream, input.report))
        .filter((transfer) => !input.without.includes(transferKey(transfer)));
      const refused = refusals(at, wanted, info);
      const transfers = wanted.filter((transfer) => !(transferKey(transfer) in refused));
      const facts = {
        pull: at.run.kind === 'pull',
        refused,
        appliance: info.now,
        ours,
        ...(info.applianceId === undefined ? {} : { applianceId: info.applianceId }),
        ...(info.apiVersion === undefined ? {} : { apiVersion: info.apiVersion }),
      };
      if (facts.pull) return { ...facts, ...planPull(at, transfers) };
      const counted = input.report !== 'presentation';
      return { ...facts, ...(await planWindows(at, transfers, info.now, ours, counted)) };
    } finally {
      await slot.release();
    }
  });
}

/** Whether a data type comes from this report. */
export function isFedBy(id: StreamId, report: SessionReportKind = 'session'): boolean {
  const stream = streamOf(id);
  return stream.from === 'session-report' && stream.report === report;
}

function planPull(at: Work, transfers: readonly Transfer[]): Windows {
  const selection = at.run.selection;
  if (selection === undefined || selection.by === 'lsids') return { slices: [], more: false, marks: {} };
  const keys = transfers.map(transferKey);
  const days = Math.ceil((selection.to - selection.from) / 86_400);
  const cut = slices(selection, Math.min(SLICES_A_PLAN, days));
  const by = selection.by === 'end_time' ? { by: selection.by } : {};
  return { slices: cut.map((slice) => ({ ...slice, transfers: keys })), more: false, marks: {}, ...by };
}

async function planWindows(
  at: Work,
  transfers: readonly Transfer[],
  appliance: number,
  ours: number,
  counted: boolean,
): Promise<Windows> {
  const { services, site, run } = at;
  const marks: Record<TransferKey, Mark> = {};
  const windows: { consumer: TransferKey; window: Window }[] = [];
  for (const transfer of transfers) {
    const key = transferKey(transfer);
    const begin = beginAt(transfer.begin, appliance);
    const first = { to: begin, begin, at: ours, offset: appliance - ours, by: `begin:${run.id}` };
    const { value: mark, etag } = await ensureWatermark(services.state, site.id, key, first);
    const window = planWindow(mark, { appliance, ours });
    marks[key] = { etag, ...window.bounds };
    windows.push({ consumer: key, window });
    const asked = { from: window.from, to: window.to };
    await reportPart(services, run.id, key, `asked-${window.from}`, {}, { asked, began: at.began });
    if (window.jump) await alarmOfJump(at, key, window.jump.seconds);
  }
  const all: Slice[] = [];
  for (const segment of segments(windows)) {
    // There are few presentations; a slice that proves too large is halved.
    const count = counted ? await sliceCount(at, segment) : 1;
    for (const slice of slices(segment, count)) all.push({ ...slice, transfers: segment.consumers });
  }
  return { slices: all.slice(0, SLICES_A_PLAN), more: all.length > SLICES_A_PLAN, marks };
}

async function sliceCount({ services, site, signal }: Work, window: Window): Promise<number> {
  if (window.to - window.from <= SHORT_WINDOW) return 1;
  let sessions = 0;
  const listing = services.appliance(site).sessionListing({ by: 'start_time', ...window }, { signal });
  for await (const _ of listing) sessions++;
  return Math.ceil(sessions / SESSIONS_A_SLICE);
}

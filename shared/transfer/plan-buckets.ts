import type { ApplianceInfo } from '../appliance/appliance.ts';
import type { FailureReport } from '../errors.ts';
import { type Asked, reportPart } from '../runs/progress.ts';
import { type Transfer, type TransferKey, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { type Bucket, bucketStart, bucketsOf } from '../streams/bucket.ts';
import { streamOf } from '../streams/index.ts';
import type { BucketStream, FileDescription } from '../streams/stream.ts';
import { alarmOfJump } from './jump-alarm.ts';
import { owe } from './ledger.ts';
import { refusals } from './refusals.ts';
import { holdSlot } from './slots.ts';
import { beginAt, ensureWatermark, moveWatermark, type Watermark } from './watermark.ts';
import { type Clocks, planWindow } from './window.ts';
import { type Outcome, type Work, work } from './work.ts';

export interface PlanBucketsInput {
  readonly runId: string;
  readonly siteId: string;
  /** Transfers that failed for good in this run. */
  readonly without: readonly TransferKey[];
  /** Of a pull: where the step before stopped. Unix seconds, the appliance's clock. */
  readonly after?: number;
}

export interface BucketsPlan {
  /** There are more: plan again. */
  readonly more: boolean;
  readonly after?: number;
  /** Transfers whose data type this appliance or account cannot give. */
  readonly refused: Readonly<Record<TransferKey, FailureReport>>;
}

const BUCKETS_A_STEP = 200;
const DAY = 24 * 3600;
/** What appliances keep, and a margin: "everything" begins here. */
const KEPT_DAYS = 95;

/**
 * Puts the buckets of time that are over into the item ledger, and moves each transfer's watermark past them: what
 * stands in the ledger is fetched from there, in this run or a later one. Done twice it does the same.
 */
export function planBuckets(services: Services, input: PlanBucketsInput): Promise<Outcome<BucketsPlan>> {
  return work(services, input, async (at) => {
    const info = await askInfo(at);
    const clocks = { appliance: info.now, ours: Math.floor(services.now() / 1000) };
    const wanted = at.run.transfers
      .filter(({ siteId, stream }) => siteId === at.site.id && streamOf(stream).from === 'bucket')
      .filter((transfer) => !input.without.includes(transferKey(transfer)));
    const refused = refusals(at, wanted, info);
    let more = false;
    let after: number | undefined;
    for (const transfer of wanted) {
      const key = transferKey(transfer);
      const stream = streamOf(transfer.stream);
      if (key in refused || stream.from !== 'bucket') continue;
      at.signal.throwIfAborted();
      if (at.run.kind === 'pull') {
        const left = await planPull(at, transfer, stream, clocks, input.after);
        // All transfers of a pull have the same stretch and the same period.
        if (left !== undefined) after = Math.min(left, after ?? left);
      } else if (await planTransfer(at, transfer, stream, clocks)) more = true;
    }
    return { refused, more: more || after !== undefined, ...(after === undefined ? {} : { after }) };
  });
}

async function askInfo({ services, site, signal }: Work): Promise<ApplianceInfo> {
  const slot = await holdSlot(services, site, signal);
  try {
    await slot.take(signal);
    return await services.appliance(site).info({ signal });
  } finally {
    await slot.release();
  }
}

/** True when there are more than one step takes. */
async function planTransfer(
  at: Work,
  transfer: Transfer,
  stream: BucketStream,
  clocks: Clocks,
): Promise<boolean> {
  const { services, site, run } = at;
  const { state } = services;
  const key = transferKey(transfer);
  const period = transfer.reportPeriod ?? 'day';
  for (;;) {
    const { value: mark, etag } = await ensureWatermark(state, site.id, key, firstMark(at, transfer, clocks));
    const { from, again } = startOf(mark, clocks, period);
    const buckets: Bucket[] = [];
    let more = false;
    for (const bucket of bucketsOf(from, clocks.appliance - stream.lag, period)) {
      if (buckets.length >= BUCKETS_A_STEP) {
        more = true;
        break;
      }
      buckets.push(bucket);
    }
    const items = buckets.flatMap((bucket) =>
      stream.itemsOf(bucket).map(again === undefined ? same : read(again, bucket)),
    );
    const to = buckets.at(-1)?.to ?? from;
    await oweAll(at, transfer, items, { from, to });
    const next: Watermark = {
      to,
      begin: Math.min(mark.begin, from),
      at: clocks.ours,
      offset: clocks.appliance - clocks.ours,
      by: `${run.id}:${to}`,
      ...(again === undefined || again.until <= to ? {} : { again }),
    };
    // Who moved it meanwhile has put its buckets into the ledger too: go on from there.
    if ((await moveWatermark(state, site.id, key, next, etag)) !== undefined) {
      const { jump } = planWindow(mark, clocks);
      if (jump) await alarmOfJump(at, key, jump.seconds);
      return more;
    }
    at.signal.throwIfAborted();
  }
}

function firstMark({ run }: Work, { begin, reportPeriod }: Transfer, clocks: Clocks): Watermark {
  const { appliance, ours } = clocks;
  const wanted =
    begin.kind === 'everything' ? Math.max(0, appliance - KEPT_DAYS * DAY) : beginAt(begin, appliance);
  const to = bucketStart(wanted, reportPeriod ?? 'day');
  return { to, begin: to, at: ours, offset: appliance - ours, by: `begin:${run.id}` };
}

type Again = NonNullable<Watermark['again']>;

/**
 * Where reading begins: at the watermark. After a jump of the clocks at the earlier of the watermark and the last
 * run's instant in the new clock (window.ts says why); what lies before the old watermark was read once and is read
 * again, under keys of its own, since more may have come into it. That holds until the new clock has passed it.
 */
function startOf(
  mark: Watermark,
  clocks: Clocks,
  period: 'day' | 'hour',
): { readonly from: number; readonly again: Again | undefined } {
  const before = mark.again;
  if (!planWindow(mark, clocks).jump) return { from: mark.to, again: before };
  const lastRunInNewClock = mark.at + clocks.appliance - clocks.ours;
  const start = Math.max(0, Math.min(mark.to, lastRunInNewClock, clocks.appliance));
  const from = Math.min(mark.to, bucketStart(start, period));
  const until = Math.max(mark.to, before?.until ?? 0);
  // Made from the mark, so that a repeat of this step makes the same keys.
  return { from, again: until > from ? { until, tag: `again-${mark.at}` } : undefined };
}

function same(item: FileDescription): FileDescription {
  return item;
}

/** The item as a second reading of what was read before; as it is where the bucket is new. */
function read({ until, tag }: Again, bucket: Bucket): (item: FileDescription) => FileDescription {
  return (item) => (bucket.from >= until ? item : { ...item, key: `${item.key}|${tag}`, again: item.key });
}

/** Of a pull: the whole buckets that cover what was asked for. Resolves to where to go on. */
async function planPull(
  at: Work,
  transfer: Transfer,
  stream: BucketStream,
  { appliance }: Clocks,
  after: number | undefined,
): Promise<number | undefined> {
  const { selection } = at.run;
  // A retry of what stands in the ledger asks for nothing new.
  if (selection?.by !== 'start_time') return undefined;
  const period = transfer.reportPeriod ?? 'day';
  const from = after ?? bucketStart(selection.from, period);
  const buckets: Bucket[] = [];
  for (const bucket of bucketsOf(from, appliance - stream.lag, period)) {
    if (bucket.from >= selection.to) break;
    if (buckets.length >= BUCKETS_A_STEP) break;
    buckets.push(bucket);
  }
  const to = buckets.at(-1)?.to ?? from;
  await oweAll(
    at,
    transfer,
    buckets.flatMap((bucket) => stream.itemsOf(bucket)),
    { from, to },
  );
  if (to >= selection.to) return undefined;
  if (buckets.length >= BUCKETS_A_STEP) return to;
  const end = new Date(to * 1000).toISOString().slice(0, 16);
  const text = `${stream.title} comes in whole ${period}s (UTC): what follows ${end}Z is not over yet and was left out.`;
  await reportPart(at.services, at.run.id, transferKey(transfer), 'not-over', {}, { alarms: [text] });
  return undefined;
}

async function oweAll(
  { services, site, run, began }: Work,
  transfer: Transfer,
  items: readonly FileDescription[],
  asked: Asked,
): Promise<void> {
  if (items.length === 0) return;
  const { destinationId, stream } = transfer;
  const owed = items.map((item) => ({ item, destinationId }));
  const wantedBy = run.kind === 'pull' ? run.id : undefined;
  await owe(services.state, site.id, stream, owed, services.now(), wantedBy);
  const part = `buckets-${asked.from}`;
  await reportPart(services, run.id, transferKey(transfer), part, { owed: items.length }, { asked, began });
}

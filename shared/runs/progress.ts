import type { Services } from '../services.ts';
import { listAll } from '../state/list-all.ts';
import type { StateStore } from '../state/state-store.ts';
import { stateKey } from '../state/state-store.ts';
import {
  addCounts,
  type Counts,
  noCounts,
  type TransferKey,
  type TransferResult,
  transferParts,
} from './run.ts';

/** What one piece of work did. Kept under the piece's name, so that a repeat replaces it and nothing counts twice. */
interface Part {
  readonly transfer: TransferKey;
  readonly counts: Partial<Counts>;
  readonly alarms?: readonly string[];
  /** When it was worked on. Milliseconds, our clock. */
  readonly began?: number;
  readonly ended?: number;
  readonly unfinished?: readonly string[];
  readonly asked?: Asked;
}

/** The stretch of time that the appliance was asked for: [from, to), Unix seconds, appliance's clock. */
export interface Asked {
  readonly from: number;
  readonly to: number;
}

export interface PartDetails {
  readonly alarms?: readonly string[];
  /** When the work began; now when left out. Milliseconds, our clock. */
  readonly began?: number;
  readonly asked?: Asked;
  /** Sessions asked for by name that the appliance does not know, or that still run (lsid). */
  readonly unfinished?: readonly string[];
}

/** The first ones tell what is wrong; the ledger has them all. */
export const MOST_ALARMS = 10;

export async function reportPart(
  { state, log, now }: Pick<Services, 'state' | 'log' | 'now'>,
  run: string,
  transfer: TransferKey,
  part: string,
  counts: Partial<Counts>,
  { alarms = [], began, asked, unfinished = [] }: PartDetails = {},
): Promise<void> {
  const ended = now();
  const value: Part = {
    transfer,
    counts,
    began: began ?? ended,
    ended,
    ...(alarms.length > 0 ? { alarms } : {}),
    ...(unfinished.length > 0 ? { unfinished } : {}),
    ...(asked ? { asked } : {}),
  };
  await state.put('runs', stateKey('part', run), stateKey(transfer, part), value);
  const done = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  if (Object.keys(done).length === 0) return;
  const { siteId: site, stream, destinationId: destination } = transferParts(transfer);
  log.info('Progress', { run, site, stream, destination, part, ...done });
}

export interface Progress {
  readonly counts: Counts;
  readonly alarms: readonly string[];
  /** From the first piece of work to the last one. Milliseconds, our clock. */
  readonly began?: number;
  readonly ended?: number;
  readonly unfinished: readonly string[];
  /** All that was asked for, from the first stretch to the last. */
  readonly asked?: Asked;
}

export const noProgress: Progress = { counts: noCounts, alarms: [], unfinished: [] };

/** Sums per transfer. */
export async function runProgress(state: StateStore, run: string): Promise<Map<TransferKey, Progress>> {
  const sums = new Map<TransferKey, Progress>();
  for await (const { value } of listAll<Part>(state, 'runs', stateKey('part', run)))
    sums.set(value.transfer, add(sums.get(value.transfer) ?? noProgress, value));
  return sums;
}

function add(sum: Progress, part: Part): Progress {
  const began = Math.min(sum.began ?? Number.POSITIVE_INFINITY, part.began ?? Number.POSITIVE_INFINITY);
  const ended = Math.max(sum.ended ?? 0, part.ended ?? 0);
  return {
    counts: addCounts(sum.counts, part.counts),
    alarms: [...new Set([...sum.alarms, ...(part.alarms ?? [])])].slice(0, MOST_ALARMS),
    unfinished: [...new Set([...sum.unfinished, ...(part.unfinished ?? [])])],
    ...(Number.isFinite(began) ? { began, ended } : {}),
    ...(part.asked || sum.asked ? { asked: both(part.asked, sum.asked) } : {}),
  };
}

function both(one?: Asked, other: Asked | undefined = one): Asked {
  if (!other) throw new RangeError('one of the two');
  const { from, to } = one ?? other;
  return { from: Math.min(from, other.from), to: Math.max(to, other.to) };
}

/** As results show it: ISO 8601, and how long. Empty where nothing was done. */
export function timesOf({
  began,
  ended,
  asked,
}: Progress): Pick<TransferResult, 'startedAt' | 'finishedAt' | 'seconds' | 'asked'> {
  if (began === undefined || ended === undefined) return {};
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  return {
    ...(asked ? { asked: { from: iso(asked.from), to: iso(asked.to) } } : {}),
    startedAt: new Date(began).toISOString(),
    finishedAt: new Date(ended).toISOString(),
    seconds: Math.round(Math.max(0, ended - began)) / 1000,
  };
}

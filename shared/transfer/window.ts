import type { Watermark } from './watermark.ts';

/** Half-open, Unix seconds, the appliance's clock. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The two clocks, read together at the start of a run. Unix seconds. */
export interface Clocks {
  readonly appliance: number;
  readonly ours: number;
}

/** How far a window reaches back over the last one: late commits and small corrections of a clock fall into it. */
export const LAG_SECONDS = 15 * 60;

/** A shift beyond this between two runs is a jump. Below it the lag covers what could be missed. */
const JUMP_SECONDS = 60;

export interface WindowPlan extends Window {
  /** The clocks shifted against each other since the last run, or the appliance's clock lies before the watermark. */
  readonly jump?: { readonly seconds: number };
  /** What a watermark that this window moves has to keep to. */
  readonly bounds: MarkBounds;
}

export interface MarkBounds {
  /** It does not go below this. */
  readonly floor: number;
  /** Its `begin`. */
  readonly begin: number;
}

/**
 * What a run has to read for a transfer: from the watermark less the lag to the appliance's now.
 *
 * After a jump of the clocks by d seconds, what ended after the last run carries stamps from (last run's instant in
 * the new clock) on. So the window begins at the earlier of the watermark and that instant. Stamps of the old clock
 * that now lie in the future are met when the clock reaches them, since the watermark is never beyond now. Two jumps
 * between two runs look like one, and our own clock is taken to be right: nothing else could tell.
 */
export function planWindow(mark: Watermark, clocks: Clocks): WindowPlan {
  const shift = clocks.appliance - clocks.ours - mark.offset;
  const jumped = Math.abs(shift) > JUMP_SECONDS || clocks.appliance < mark.to - JUMP_SECONDS;
  const lastRunInNewClock = mark.at + (clocks.appliance - clocks.ours);
  if (Math.abs(shift) <= JUMP_SECONDS && mark.begin > clocks.appliance + JUMP_SECONDS) {
    // It begins on a day to come: nothing is wanted yet.
    return { from: clocks.appliance, to: clocks.appliance, bounds: { floor: mark.to, begin: mark.begin } };
  }
  const start = jumped ? Math.min(mark.to, lastRunInNewClock, clocks.appliance) : mark.to;
  // `begin` was taken on the clock as it was: it slips back with it, and after a jump it says nothing any more.
  const least = jumped ? 0 : mark.begin + Math.min(0, shift);
  const from = Math.max(0, Math.min(Math.max(least, start - LAG_SECONDS), clocks.appliance));
  return {
    from,
    to: clocks.appliance,
    bounds: { floor: jumped ? 0 : mark.to, begin: Math.min(mark.begin, from) },
    ...(jumped ? { jump: { seconds: Math.round(shift) } } : {}),
  };
}

/** The watermark once everything before `to` in the planned window is stored or in the ledger. */
export function nextMark(
  { floor, begin }: MarkBounds,
  to: number,
  { appliance, ours }: Clocks,
  by: string,
): Watermark {
  return { to: Math.max(to, floor), begin, at: ours, offset: appliance - ours, by };
}

/** A stretch of time and who is to get it. */
export interface Segment<C> extends Window {
  readonly consumers: readonly C[];
}

/**
 * One read feeds all: the windows of several consumers, which all end at the same instant, cut where one begins, so
 * that each stretch is read once and given to everybody whose window holds it.
 */
export function segments<C>(
  windows: readonly { readonly consumer: C; readonly window: Window }[],
): Segment<C>[] {
  const to = Math.max(...windows.map(({ window }) => window.to));
  const cuts = [...new Set(windows.map(({ window }) => window.from))].sort((a, b) => a - b);
  return cuts.flatMap((from, index) => {
    const end = cuts[index + 1] ?? to;
    const consumers = windows.filter(({ window }) => window.from <= from).map(({ consumer }) => consumer);
    return end > from ? [{ from, to: end, consumers }] : [];
  });
}

/** Cuts a window into `count` slices that cover it exactly, in order. */
export function slices(window: Window, count: number): Window[] {
  const length = window.to - window.from;
  const parts = Math.max(1, Math.min(count, length));
  const cut = (index: number) => window.from + Math.floor((length * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({ from: cut(index), to: cut(index + 1) }));
}

/** Two halves, or undefined when it is one second long. */
export function halve(window: Window): [Window, Window] | undefined {
  if (window.to - window.from < 2) return undefined;
  const [first, second] = slices(window, 2);
  return first && second ? [first, second] : undefined;
}

import type { Settings } from '../options.ts';
import { mixUnit } from '../random.ts';

/** Moments spread evenly over the appliance's time: arithmetic on the index alone. */
export interface Timeline {
  readonly count: number;
  timeOf(index: number): number;
  /** Indices in order of the moments in [from, to). */
  within(from: number, to: number): Iterable<number>;
}

/** @param salt tells apart what happens at the same pace */
export function createTimeline({ seed, from, to }: Settings, count: number, salt: number): Timeline {
  const step = (to - from) / Math.max(1, count);
  const timeOf = (index: number) =>
    Math.min(to - 1, from + Math.floor((index + mixUnit(seed, index, salt)) * step));
  return {
    count,
    timeOf,
    *within(first, last) {
      const lowest = Math.max(0, Math.floor((first - from) / step) - 1);
      const highest = Math.min(count - 1, Math.ceil((last - from) / step));
      for (let index = lowest; index <= highest; index++) {
        const time = timeOf(index);
        if (time >= first && time < last) yield index;
      }
    },
  };
}

/** What has happened by `now` of a window. */
export function passed({ from, to }: { readonly from: number; readonly to: number }, now: number) {
  return { from, to: Math.min(to, now + 1) };
}

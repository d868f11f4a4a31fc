import type { Settings } from './options.ts';
import { mix, mixUnit } from './random.ts';

/** No session lasts longer, so one that ended at `t` began after `t` − this. */
const longestSeconds = 27 * 3600;

const salt = { start: 1, length: 2, round: 3, recording: 4 };

/** When sessions begin and end: arithmetic on the index alone. */
export interface Population {
  readonly count: number;
  startOf(index: number): number;
  /** When it closes; for an abnormal one, when it broke off. */
  endOf(index: number): number;
  isAbnormal(index: number): boolean;
  /** Whether a session recording is there once the session is over. */
  isRecorded(index: number): boolean;
  /** Indices in start order of the sessions there are at `now` that began in [from, to). */
  startedIn(from: number, to: number, now: number): Iterable<number>;
  /** The same for those that had closed by `now` and ended in [from, to). Abnormal ones never close. */
  endedIn(from: number, to: number, now: number): Iterable<number>;
}

export function createPopulation(settings: Settings): Population {
  const { seed, sessions: count, from: first, to: last, odd } = settings;
  const step = (last - first) / Math.max(1, count);

  const startOf = (index: number) =>
    // Rounding must not carry the last one out of [from, to).
    Math.min(last - 1, first + Math.floor((index + mixUnit(seed, index, salt.start)) * step));

  const lengthOf = (index: number) => {
    const unit = mixUnit(seed, index, salt.length);
    if (odd && index % 97 === 41) return 24 * 3600 + Math.floor(unit * 6_600);
    if (odd && index % 89 === 13) return 0;
    return 20 + Math.floor(unit ** 3 * 7_200);
  };

  const endOf = (index: number) => {
    const end = startOf(index) + lengthOf(index);
    if (!odd) return end;
    // Ends on round boundaries, and several sessions that end in the same second.
    const round = mix(seed, index, salt.round) % 10;
    if (round === 0) return Math.ceil(end / 300) * 300;
    if (round === 1) return Math.ceil(end / 3600) * 3600;
    return end;
  };

  const isAbnormal = (index: number) => odd && index % 37 === 19;

  function* startedIn(from: number, to: number, now: number): Generator<number> {
    const end = Math.min(to, now + 1);
    const lowest = Math.max(0, Math.floor((from - first) / step) - 1);
    const highest = Math.min(count - 1, Math.ceil((end - first) / step));
    for (let index = lowest; index <= highest; index++) {
      const start = startOf(index);
      if (start >= from && start < end) yield index;
    }
  }

  return {
    count,
    startOf,
    endOf,
    isAbnormal,
    isRecorded: (index) =>
      mix(seed, index, salt.recording) % 3 !== 0 && (!isAbnormal(index) || index % 2 === 0),
    startedIn,
    *endedIn(from, to, now) {
      for (const index of startedIn(from - longestSeconds, to, now)) {
        const end = endOf(index);
        if (end >= from && end < to && end <= now && !isAbnormal(index)) yield index;
      }
    },
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Watermark } from '../shared/transfer/watermark.ts';
import { beginAt } from '../shared/transfer/watermark.ts';
import {
  halve,
  LAG_SECONDS,
  nextMark,
  planWindow,
  segments,
  slices,
  type Window,
} from '../shared/transfer/window.ts';

const DAY = 86_400;
const start = 1_800_000_000;

/** Something that happens, after so many seconds of real time. */
type Happening =
  | { readonly kind: 'session' }
  /** The appliance's clock is set; at most once between two runs. */
  | { readonly kind: 'jump'; readonly seconds: number }
  /** `done`: the share of the window's slices that were committed before the run broke off. */
  | { readonly kind: 'run'; readonly slices: number; readonly done: number };

const happening = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Happening>({ kind: 'session' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant<'jump'>('jump'),
      seconds: fc.oneof(
        fc.integer({ min: -70, max: 70 }),
        fc.integer({ min: -400, max: 400 }),
        fc.integer({ min: -40 * DAY, max: 40 * DAY }),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant<'run'>('run'),
      slices: fc.integer({ min: 1, max: 5 }),
      done: fc.integer({ min: 0, max: 5 }),
    }),
  },
);
const story = fc.array(
  fc.tuple(fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 3 * DAY })), happening),
  {
    maxLength: 60,
    size: 'large',
  },
);

/**
 * Our clock is right; the appliance's is set to and fro. A session gets the stamp of the moment it ends, and a run
 * reads those that have ended and whose stamp lies in a window. What happened before the last run is a later run's to
 * find, however often runs broke off.
 */
class World {
  real = start;
  offset = 0;
  mark: Watermark;
  readonly sessions: { readonly stamp: number; read: boolean }[] = [];
  #jumped = false;
  #latest = 0;

  constructor(begin: 'now' | 'days-back') {
    const from = beginAt(begin === 'now' ? { kind: 'now' } : { kind: 'days-back', days: 90 }, this.clock);
    this.mark = { to: from, begin: from, at: this.real, offset: this.offset, by: 'begin' };
  }

  get clock(): number {
    return this.real + this.offset;
  }

  happen(one: Happening): void {
    if (one.kind === 'session') {
      this.sessions.push({ stamp: this.clock, read: false });
      this.#latest = Math.max(this.#latest, this.clock);
    } else if (one.kind === 'jump') {
      if (!this.#jumped && this.clock + one.seconds > 0) this.offset += one.seconds;
      this.#jumped = true;
    } else this.run(one.slices, one.done);
  }

  run(parts: number, done: number): void {
    const clocks = { appliance: this.clock, ours: this.real };
    const plan = planWindow(this.mark, clocks);
    assert.ok(plan.from <= plan.to && plan.to === clocks.appliance);
    if (plan.from === plan.to) return;
    const read = slices(plan, parts).slice(0, done);
    for (const { from, to } of read) {
      for (const session of this.sessions)
        if (session.stamp >= from && session.stamp < to) session.read = true;
      this.mark = nextMark(plan.bounds, to, clocks, 'run');
    }
    // A run that committed nothing leaves the mark, and with it the clock it was compared with.
    if (read.length > 0) this.#jumped = false;
  }

  /** Runs that come through, until the clock has passed every stamp that was ever given. */
  catchUp(): void {
    this.run(1, 1);
    this.real += Math.max(0, this.#latest - this.clock) + 1;
    this.run(3, 3);
  }
}

test('no session stays unread, however the clock of the appliance is set and runs break off', () => {
  fc.assert(
    fc.property(fc.constantFrom('now', 'days-back'), story, (begin, events) => {
      const world = new World(begin);
      for (const [pause, one] of events) {
        world.real += pause;
        world.happen(one);
      }
      world.catchUp();
      assert.deepEqual(
        world.sessions.filter(({ read }) => !read),
        [],
      );
    }),
    { numRuns: 20_000 },
  );
});

test('without a jump a window begins the lag before the watermark, and never before the beginning', () => {
  const mark: Watermark = { to: start, begin: start - 100, at: start, offset: 0, by: 'x' };
  const clocks = { appliance: start + 50, ours: start + 50 };
  const bounds = { floor: start, begin: start - 100 };
  assert.deepEqual(planWindow(mark, clocks), { from: start - 100, to: start + 50, bounds });
  const early = planWindow({ ...mark, begin: 0 }, clocks);
  assert.deepEqual(early, { from: start - LAG_SECONDS, to: start + 50, bounds: { floor: start, begin: 0 } });
});

test('a jump is told with its seconds, and the window goes back before it', () => {
  const mark: Watermark = { to: start, begin: start - 60, at: start, offset: 0, by: 'x' };
  const back = planWindow(mark, { appliance: start - 3000, ours: start + 600 });
  const from = start - 3600 - LAG_SECONDS;
  assert.deepEqual(back, {
    from,
    to: start - 3000,
    jump: { seconds: -3600 },
    bounds: { floor: 0, begin: from },
  });
  const forth = planWindow(mark, { appliance: start + 90_000, ours: start + 600 });
  assert.deepEqual([forth.from, forth.to], [start - LAG_SECONDS, start + 90_000]);
  assert.deepEqual(forth.jump, { seconds: 89_400 });
});

test('a small drift is no jump', () => {
  const mark: Watermark = { to: start, begin: 0, at: start, offset: 0, by: 'x' };
  assert.equal(planWindow(mark, { appliance: start + 600 + 50, ours: start + 600 }).jump, undefined);
});

const window = fc
  .tuple(fc.integer({ min: 0, max: start }), fc.integer({ min: 1, max: 10_000_000 }))
  .map(([from, length]) => ({ from, to: from + length }));

function assertCovers(parts: readonly Window[], whole: Window): void {
  let at = whole.from;
  for (const { from, to } of parts) {
    assert.equal(from, at, 'begins where the last one ended');
    assert.ok(to > from, 'is not empty');
    at = to;
  }
  assert.equal(at, whole.to);
}

test('slices cover a window exactly and are much of a length', () => {
  fc.assert(
    fc.property(window, fc.integer({ min: 0, max: 300 }), (whole, count) => {
      const parts = slices(whole, count);
      assertCovers(parts, whole);
      assert.ok(parts.length <= Math.max(1, count));
      const lengths = parts.map(({ from, to }) => to - from);
      assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1);
    }),
  );
});

test('halves cover a window exactly, down to one second', () => {
  fc.assert(
    fc.property(window, (whole) => {
      const halves = halve(whole);
      if (whole.to - whole.from === 1) assert.equal(halves, undefined);
      else assertCovers(halves ?? [], whole);
    }),
  );
  assert.equal(halve({ from: 5, to: 6 }), undefined);
});

test('segments give every consumer exactly its window, each stretch once', () => {
  const ends = fc.integer({ min: 1000, max: 2000 });
  const begins = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(ends, begins, (to, froms) => {
      const windows = froms.map((from, consumer) => ({ consumer, window: { from: Math.min(from, to), to } }));
      const cut = segments(windows);
      const first = Math.min(...windows.map(({ window: { from } }) => from));
      assertCovers(cut, { from: first, to });
      for (const { consumer, window: mine } of windows)
        assertCovers(
          cut.filter(({ consumers }) => consumers.includes(consumer)),
          mine,
        );
    }),
  );
  assert.deepEqual(segments([]), []);
});

test('a transfer begins where its setting says, on the clock of the appliance', () => {
  const now = Date.parse('2026-03-01T12:00:00Z') / 1000;
  assert.equal(beginAt({ kind: 'now' }, now), now);
  assert.equal(beginAt({ kind: 'everything' }, now), 0);
  assert.equal(beginAt({ kind: 'days-back', days: 90 }, now), now - 90 * DAY);
  assert.equal(beginAt({ kind: 'days-back', days: 3650 }, 1000), 0);
  assert.equal(
    beginAt({ kind: 'date', at: '2026-02-28T01:00:00+01:00' }, now),
    Date.parse('2026-02-28') / 1000,
  );
  // Taken over from another client: a day before its Last Run, which was on that client's own clock.
  assert.equal(
    beginAt({ kind: 'last-run', at: '2026-02-28T00:00:00Z' }, now),
    Date.parse('2026-02-27') / 1000,
  );
});

test('a transfer that begins on a day to come reads nothing before it, and raises no alarm', () => {
  const begin = 1_800_000_000;
  const mark = { to: begin, begin, at: 1_760_000_000, offset: 5, by: 'begin:run' };
  const plan = planWindow(mark, { appliance: 1_760_000_605, ours: 1_760_000_600 });
  assert.deepEqual(plan, {
    from: 1_760_000_605,
    to: 1_760_000_605,
    bounds: { floor: begin, begin },
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCuts, type Cut, oneOfEachKind, someCuts } from './kill/cuts.ts';
import { runCuts } from './kill/lanes.ts';
import { Scenario } from './kill/scenario.ts';
import { seededRandom } from './kill/seeded-random.ts';

/*
 * A real process is killed with SIGKILL before and after its calls on the state, staging, appliance and destination
 * ports, in the middle of bodies, and around what lies below the ports: transactions, and files that get their names.
 * Another takes up its folder; then all that is stored is compared with what the appliance has, and with an
 * installation that was left alone. The calls are counted in a run that is left alone.
 *
 * `npm test` makes a choice that is another one each time (its seed is printed; KILL_SEED gives it again).
 * KILL_TESTS=all makes all cuts: some 3,500, in about an hour. It is to be run without --test-timeout.
 */
const all = process.env.KILL_TESTS === 'all';
const { seed, random } = seededRandom();

interface Part {
  readonly moment: 'first run' | 'next run';
  readonly delivery: 'once' | 'twice-overlapping';
  choose(cuts: readonly Cut[]): Cut[];
}

/** A kind of cut (call and when) is made either in a first run or in a next one. */
const beforeIn = seed % 2 === 0 ? 'first run' : 'next run';
const kindsFor = (moment: Part['moment']) => (cuts: readonly Cut[]) =>
  someCuts(
    oneOfEachKind(cuts, random).filter(({ call, when }) =>
      // Only the long window of a first run is sliced by a listing.
      call === 'appliance.sessionListing'
        ? moment === 'first run'
        : (when === 'before') === (beforeIn === moment),
    ),
    KINDS,
    random,
  );
const some = (cuts: readonly Cut[]) => someCuts(cuts, 4, random);
/** So many of the kinds in one `npm test`; the seeds of several go round all of them. */
const KINDS = 14;

const parts: readonly Part[] = [
  { moment: 'first run', delivery: 'once', choose: kindsFor('first run') },
  { moment: 'next run', delivery: 'once', choose: kindsFor('next run') },
  { moment: 'first run', delivery: 'twice-overlapping', choose: some },
  { moment: 'next run', delivery: 'twice-overlapping', choose: some },
];

for (const { moment, delivery, choose } of parts) {
  const title = `a ${moment}, messages delivered ${delivery}, killed at any call and started again, stores the same`;
  test(title, { timeout: all ? 3_600_000 : 200_000 }, async (t) => {
    const scenario = await Scenario.open(moment);
    const counter = scenario.child();
    try {
      const { counted } = await scenario.uninterrupted(counter, delivery);
      const every = allCuts(counted);
      const cuts = all ? every : choose(every);
      t.diagnostic(`seed ${seed}: ${cuts.length} of ${every.length} cuts`);
      const { killed, missed, failures } = await runCuts(scenario, cuts, delivery);
      const litter = await scenario.checkLitterGoes(counter);
      t.diagnostic(`${killed} processes killed; ${litter} leftovers of attempts seen to go`);
      assert.deepEqual(failures, [], `${failures.length} of ${cuts.length} cuts, seed ${seed}`);
      // What runs side by side takes turns as it comes: a few last calls of a kind are not in every run.
      assert.ok(missed.length <= 1 + cuts.length / 25, `no run came to: ${missed.join(', ')}`);
    } finally {
      await counter.close();
      await scenario.close();
    }
  });
}

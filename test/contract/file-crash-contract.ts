import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '../../shared/errors.ts';
import { Interruption, type InterruptionKind } from '../support/interruption.ts';
import { type FilePlace, openAt } from './file-place.ts';
import { assertSound, pictureOf, type Scenario, scenarios } from './file-scenarios.ts';

type Mode = readonly [kind: InterruptionKind, when: 'before' | 'after'];
export const allModes: readonly Mode[] = [
  ['die', 'before'],
  ['die', 'after'],
  ['throw', 'before'],
  ['throw', 'after'],
];

/**
 * A run that is cut off at any one of its calls to state and store, and then repeated by a fresh process, ends in what
 * a run that was never cut off ends in.
 */
export function describeCrashContract(
  name: string,
  make: () => Promise<FilePlace>,
  modes: readonly Mode[] = allModes,
  chosen: readonly Scenario[] = scenarios,
): void {
  describe(`a run cut off at any call and repeated: ${name}`, () => {
    for (const scenario of chosen) {
      test(scenario.title, async () => {
        const { calls, expected } = await uninterrupted(make, scenario);
        assert.ok(calls >= 2, `${calls} calls`);
        for (const mode of modes) {
          for (let at = 1; at <= calls; at++) await cutOff(make, scenario, mode, at, expected);
        }
      });
    }
  });
}

async function uninterrupted(make: () => Promise<FilePlace>, scenario: Scenario) {
  const place = await make();
  try {
    await scenario.setUp(place);
    const count = new Interruption('throw', 0);
    await scenario.run(openAt(place, { handling: scenario.handling, interruption: count }));
    const calls = count.calls.length;
    await scenario.run(openAt(place, { handling: scenario.handling }));
    return { calls, expected: await pictureOf(place) };
  } finally {
    await place.end();
  }
}

async function cutOff(
  make: () => Promise<FilePlace>,
  scenario: Scenario,
  [kind, when]: Mode,
  at: number,
  expected: unknown,
): Promise<void> {
  const place = await make();
  const interruption = new Interruption(kind, at, when);
  try {
    await scenario.setUp(place);
    const { handling } = scenario;
    const run = scenario.run(openAt(place, { handling, interruption })).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code !== 'interrupted') throw error;
    });
    await Promise.race([run, interruption.reached.then(() => (kind === 'die' ? undefined : run))]);
    const told = `${kind} ${when} call ${at}, ${interruption.calls.at(at - 1)}`;
    await scenario.run(openAt(place, { handling }));
    assert.deepEqual(await pictureOf(place), expected, told);
    await assertSound(place, ['1.flv']);
    await scenario.run(openAt(place, { handling }));
    assert.deepEqual(await pictureOf(place), expected, `${told}, repeated twice`);
  } finally {
    await interruption.bury();
    await place.end();
  }
}

import type { Child } from './child.ts';
import { type Cut, cutName } from './cuts.ts';
import type { Job } from './host.ts';
import type { Scenario } from './scenario.ts';

/** Two cores, two children at a time. */
const LANES = 2;
/** What runs side by side does not always call in the same order: the last calls of a kind may not come. */
const TRIES = 3;

export interface CutResult {
  /** Processes that were killed. */
  readonly killed: number;
  /** Cuts that no run came to. */
  readonly missed: readonly string[];
  /** One text for each cut after which something was not as it should be. */
  readonly failures: readonly string[];
}

/** Every child finishes what the one before it left, and is then killed itself at the next cut. */
export async function runCuts(
  scenario: Scenario,
  cuts: readonly Cut[],
  delivery: Job['delivery'],
): Promise<CutResult> {
  const queue = [...cuts];
  const missed: string[] = [];
  const failures: string[] = [];
  let killed = 0;
  const lane = async () => {
    let dying: Child = scenario.child();
    let next: Child | undefined;
    for (let cut = queue.shift(); cut !== undefined; cut = queue.shift()) {
      next ??= scenario.child();
      try {
        let reached = false;
        for (let turn = 0; turn < TRIES && !reached; turn++)
          reached = await scenario.cut(dying, next, cut, delivery);
        if (!reached) {
          missed.push(cutName(cut));
          continue;
        }
        killed++;
      } catch (error) {
        failures.push((error as Error).message);
        await dying.close();
      }
      dying = next;
      next = undefined;
    }
    await dying.close();
    await next?.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { killed, missed, failures };
}

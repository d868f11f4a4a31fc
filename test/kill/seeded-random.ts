import { Random } from '../appliance/random.ts';

/** Numbers in [0, 1) from a seed that is new each time unless KILL_SEED gives one. */
export function seededRandom(): { readonly seed: number; readonly random: () => number } {
  const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1_000_000));
  const numbers = new Random(seed, 1, 2);
  return { seed, random: () => numbers.unit() };
}

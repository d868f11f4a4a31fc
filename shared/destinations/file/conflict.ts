/**
 * File Name Conflict Handling, as the Integration Client guide defines it.
 *
 * - `AppendNumber`: a new file with a number just before the last period, the smallest that makes the name unique
 * - `Overwrite`: the file that exists is overwritten
 * - `Skip`: the file that exists stays and nothing is written
 */
export const conflictHandlings = ['AppendNumber', 'Overwrite', 'Skip'] as const;
export type ConflictHandling = (typeof conflictHandlings)[number];

/** `folder/name.flv` and 2 → `folder/name.2.flv`. A file name without a period gets the number at its end. */
export function numberedName(name: string, number: number): string {
  const file = name.lastIndexOf('/') + 1;
  const period = name.lastIndexOf('.');
  return period > file ? `${name.slice(0, period)}.${number}${name.slice(period)}` : `${name}.${number}`;
}

/** The names to try, in order: the name itself, then for AppendNumber those with numbers from 1. */
export function* candidateNames(name: string, handling: ConflictHandling): Generator<string> {
  yield name;
  if (handling !== 'AppendNumber') return;
  for (let number = 1; ; number++) yield numberedName(name, number);
}

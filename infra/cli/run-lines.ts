import type { z } from 'zod';
import type { runSchema } from '../../shared/api/run-answers.ts';
import { streamOf } from '../../shared/streams/index.ts';
import { detailText } from './table.ts';

export type ShownRun = z.output<typeof runSchema>;
type Result = NonNullable<ShownRun['results']>[number];

const BAR = 20;

/** A line for each transfer, with a bar: how much of what was found so far is done. */
export function progressLines(run: ShownRun): string {
  const lines = (run.results ?? []).map((result) => {
    const { counts } = result;
    const soFar = result.status === 'running' ? ' so far' : '';
    return `${bar(result)} ${nameOf(result)}: ${counted(counts)}${soFar}`;
  });
  return [`${run.id} ${run.cancelRequested ? 'is being cancelled' : run.status}`, ...lines].join('\n');
}

function bar({ counts, status }: Result): string {
  const { found, stored, repeated, open, setAside, skipped, postponed } = counts;
  const done = stored + repeated + open + setAside + skipped + postponed;
  const ended = status === 'succeeded' || status === 'partial';
  const share = found === 0 ? 0 : Math.min(1, done / found);
  // Not full before its end: more may be found.
  const full = ended ? BAR : Math.min(BAR - 1, Math.floor(share * BAR));
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
}

function nameOf({ siteId, stream, destinationId }: Result): string {
  return `${siteId} → ${destinationId}, ${streamOf(stream).title}`;
}

const words = {
  found: 'found',
  stored: 'stored',
  repeated: 'there already',
  open: 'still open',
  owed: 'owed',
  postponed: 'to be tried again',
  setAside: 'set aside',
  skipped: 'skipped',
} as const;

function counted(counts: Result['counts']): string {
  const parts = Object.entries(words).flatMap(([name, word]) => {
    const count = counts[name as keyof typeof words];
    return count > 0 ? [`${word} ${count}`] : [];
  });
  if (counts.bytes > 0) parts.push(`${(counts.bytes / 1e6).toFixed(1)} MB`);
  return parts.join(', ') || 'nothing yet';
}

/** For people: what it did, and what went wrong. */
export function runText(run: ShownRun): string {
  const { results = [], transfers, failure, ...rest } = run;
  const plain = Object.fromEntries(
    Object.entries(rest).filter(([name]) => !['selection', 'settings'].includes(name)),
  );
  const lines = results.flatMap((result) => [
    `${result.status.padEnd(9)} ${nameOf(result)}: ${counted(result.counts)}`,
    ...result.alarms.map((alarm) => `          alarm: ${alarm}`),
    ...(result.failure ? [`          ${result.failure.message}`] : []),
  ]);
  const none = results.length === 0 ? [`${transfers.length} transfers`] : [];
  return [
    detailText(plain, undefined).trimEnd(),
    ...(failure ? [`failure  ${failure.message}`] : []),
    '',
    ...none,
    ...lines,
    '',
  ].join('\n');
}

/** 1 where something failed, is owed, was set aside or cancelled. */
export function runExitCode({ status }: ShownRun): number {
  return status === 'succeeded' ? 0 : 1;
}

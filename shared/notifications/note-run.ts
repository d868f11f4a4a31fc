import { createHash } from 'node:crypto';
import { type Run, type TransferResult, transferKey } from '../runs/run.ts';
import type { Settings } from '../settings/settings.ts';
import type { StateStore } from '../state/state-store.ts';
import { streamOf } from '../streams/index.ts';
import { markSuccess } from './silence.ts';
import { type TroubleKind, troubleKey } from './trouble.ts';
import { changeTrouble, listTroubles, type Met, meet, overcome } from './trouble-store.ts';

const MOST_TEXT = 500;

/** What a run that has ended tells of troubles: which there are, and which are over. May be done again. */
export async function noteRun(state: StateStore, settings: Settings, run: Run, now: number): Promise<void> {
  const met = run.kind === 'schedule' ? troublesOf(run, settings) : troublesOfPull(run, settings);
  const rows = new Map((await listTroubles(state)).map((entry) => [entry.key, entry]));
  for (const [key, trouble] of met)
    await changeTrouble(state, key, (before) => meet(before, trouble, now), rows.get(key));
  for (const key of clearedBy(run)) {
    const row = rows.get(key);
    const by = { runId: run.id, dueAt: run.dueAt };
    if (row && !met.has(key)) await changeTrouble(state, key, (before) => overcome(before, by, now), row);
  }
  if (run.scheduleId !== undefined && isSuccess(run)) await markSuccess(state, run.scheduleId, now);
}

/** Every transfer moved: what single items are still owed is the ledger's matter. */
function isSuccess({ failure, results = [] }: Run): boolean {
  return !failure && results.every(({ status }) => status === 'succeeded' || status === 'partial');
}

function troublesOf(run: Run, settings: Settings): Map<string, Met> {
  const { id: runId, dueAt, scheduleId = '', failure, results = [] } = run;
  const of = { runId, dueAt, scheduleId };
  const met = new Map<string, Met>();
  if (failure)
    met.set(troubleKey('failed', 'schedule', scheduleId), {
      ...of,
      kind: 'failed',
      title: `Schedule ${nameOf(settings.schedules, scheduleId)}`,
      message: cut(failure.message),
    });
  for (const result of results) {
    const { siteId, stream, destinationId, counts, alarms } = result;
    const about = { ...of, siteId, stream, destinationId, title: titleOf(result, settings) };
    const add = (kind: TroubleKind, message: string, more: readonly string[] = []) =>
      met.set(troubleKey(kind, transferKey(result), ...more), {
        ...about,
        kind,
        message: cut(message),
        ...(kind === 'alarm' ? { event: true } : {}),
      });
    if (result.failure) add('failed', result.failure.message);
    if (result.status === 'partial')
      add('partial', `${counts.postponed} postponed, ${counts.setAside} set aside.`);
    for (const alarm of alarms) if (alarm !== result.failure?.message) add('alarm', alarm, [alike(alarm)]);
  }
  return met;
}

/** A pull is asked for once: what failed in it does not last, and nothing else ends it. */
function troublesOfPull(run: Run, settings: Settings): Map<string, Met> {
  // What a reconciliation pulls is looked for again by the next one, which tells what is still missing.
  if (run.reconciliation !== undefined) return new Map();
  const { id: runId, dueAt, status, failure, results = [] } = run;
  if (status !== 'failed' && status !== 'partial') return new Map();
  const first = results.find((result) => result.failure);
  const count = results.filter((result) => result.status !== 'succeeded').length;
  const message =
    failure?.message ??
    (first?.failure
      ? `${titleOf(first, settings)}: ${first.failure.message}`
      : `${count} of ${results.length} transfers are incomplete.`);
  const trouble: Met = {
    kind: status,
    title: `Pull ${runId}`,
    message: cut(message),
    runId,
    dueAt,
    event: true,
  };
  return new Map([[troubleKey(status, 'pull', runId), trouble]]);
}

/** What this run says something about. Transfers that were cancelled say nothing. */
function clearedBy({ kind, scheduleId, failure, results = [] }: Run): string[] {
  if (kind !== 'schedule') return [];
  const ended = results.filter(({ status }) => status !== 'cancelled' && status !== 'running');
  return [
    ...(failure || scheduleId === undefined ? [] : [troubleKey('failed', 'schedule', scheduleId)]),
    ...ended.flatMap((result) =>
      (['failed', 'partial'] as const)
        // A failed transfer does not know what is still owed.
        .filter((trouble) => trouble === 'failed' || result.status !== 'failed')
        .map((trouble) => troubleKey(trouble, transferKey(result))),
    ),
  ];
}

/** Alarms that differ in numbers and ids alone are the same alarm. */
function alike(alarm: string): string {
  const words = alarm.replaceAll(/[0-9a-fA-F]{8,}|-?\d+/g, '#');
  return createHash('sha256').update(words).digest('hex').slice(0, 16);
}

export function titleOf(
  { siteId, stream, destinationId }: Pick<TransferResult, 'siteId' | 'stream' | 'destinationId'>,
  { sites, destinations }: Settings,
): string {
  return `${streamOf(stream).title} of ${nameOf(sites, siteId)} to ${nameOf(destinations, destinationId)}`;
}

export function nameOf(list: readonly { readonly id: string; readonly name: string }[], id: string): string {
  return list.find((item) => item.id === id)?.name ?? id;
}

function cut(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, MOST_TEXT);
}

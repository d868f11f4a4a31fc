import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../../errors.ts';
import { type Entry, StateConflict } from '../../../state/state-store.ts';
import type { FileFacts } from '../file-store.ts';
import type { FileEvent } from '../journal.ts';
import { hashOf } from '../settle.ts';
import {
  type Chain,
  endClearing,
  isSealed,
  moveChain,
  openChain,
  type PromisedManifest,
  promiseManifest,
} from './chain.ts';
import { clearJournal, collectEvents } from './journal-rows.ts';
import { manifestName, renderManifest } from './manifest-file.ts';
import type { SealContext } from './seal-context.ts';

export interface SealedManifests {
  readonly manifests: number;
  readonly lines: number;
  readonly alarms: readonly string[];
  /** Time was up: go on. */
  readonly more: boolean;
}

const maxTurns = 200;

/**
 * Writes what stands in the journal into manifests, at most so many lines each, until nothing of this run, of runs
 * that are over, and of no run is left.
 *
 * Each goes: contents promised in the state → file made where there is none → chain moved to what is found there →
 * its lines taken out of the journal. Who comes after a death, or works at the same time, goes on from whichever of
 * these was done: there is one file for each place of the chain, and an event leaves the journal only once a manifest
 * that the chain holds has it.
 */
export async function sealManifests(context: SealContext): Promise<SealedManifests> {
  const done = { manifests: 0, lines: 0, alarms: [] as string[] };
  let conflicts = 0;
  for (;;) {
    if (context.timeIsUp()) return { ...done, more: true };
    try {
      const written = await turn(context, done.alarms);
      if (written === undefined) return { ...done, more: false };
      done.lines += written;
      if (written > 0) done.manifests++;
    } catch (error) {
      // Somebody else has moved the chain: look again.
      if (!(error instanceof StateConflict)) throw error;
      if (++conflicts === maxTurns)
        throw new Failure(
          'transient',
          'catalog-busy',
          `The manifests of "${context.destination}" keep being changed by others; the next run goes on.`,
          { cause: error },
        );
      await delay(Math.random() * Math.min(conflicts, 20) * 5);
    }
  }
}

/** One step of the above. Number of lines that came into the chain; undefined when there is nothing to do. */
async function turn(context: SealContext, alarms: string[]): Promise<number | undefined> {
  const { catalog, run } = context;
  const entry = await openChain(catalog);
  if (entry.value.clearing === true) {
    alarms.push(...(await clearJournal(context, entry.value)));
    await endClearing(catalog, entry);
    return 0;
  }
  const found = await findPromised(context, entry.value);
  if (found !== undefined) {
    await moveChain(catalog, entry, found);
    return found.lines;
  }
  if (await isSealed(catalog, run)) return undefined;
  const { events, ends } = await collectEvents(context);
  if (events.length === 0) return undefined;
  await context.note(events);
  await writeManifest(context, entry, events, ends, alarms);
  return 0;
}

async function findPromised(
  { store }: SealContext,
  { promised = [] }: Chain,
): Promise<PromisedManifest | undefined> {
  for (const name of new Set(promised.map((promise) => promise.name))) {
    if ((await store.stat(name)) === undefined) continue;
    const sha256 = await hashOf(store.read(name));
    const found = promised.find((promise) => promise.name === name && promise.sha256 === sha256);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function writeManifest(
  context: SealContext,
  entry: Entry<Chain>,
  events: readonly FileEvent[],
  ends: boolean,
  alarms: string[],
): Promise<void> {
  const { catalog, run, now } = context;
  const sequence = entry.value.sequence + 1;
  const at = now().toISOString();
  const free = await freeName(context, entry.value);
  if (free === undefined) return;
  const { name, strange } = free;
  const previous = entry.value.last ?? null;
  const { destinationId } = catalog;
  const head = { manifest: 1, destination: destinationId, sequence, previous, run, createdAt: at } as const;
  const bytes = renderManifest(head, events);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await promiseManifest(catalog, entry, { name, sha256, run, lines: events.length, ends, at });
  // Only now is it certain that nobody else has written them for the chain meanwhile.
  for (const other of strange)
    alarms.push(
      `${other} of "${context.destination}" was there before its manifest was written; it was left alone.`,
    );
  await putManifest(context, name, bytes, sha256);
}

/** Whatever the outcome, the next turn looks at what is there. */
async function putManifest(
  { store }: SealContext,
  name: string,
  bytes: Buffer,
  sha256: string,
): Promise<void> {
  const item = createHash('sha256').update(name).digest('hex').slice(0, 32);
  await store.sweep(leftoverMs, item);
  const attempt = await store.begin({ item, name, contentType: 'application/x-ndjson' });
  try {
    await attempt.write(bytes);
    const about: FileFacts = {
      key: name,
      stream: 'manifest',
      origin: { siteId: '', host: '' },
      size: bytes.byteLength,
      sha256,
      verified: 'length',
    };
    await attempt.put(name, about, undefined);
  } finally {
    await attempt.discard();
  }
}

const leftoverMs = 3600 * 1000;

/**
 * The name of the next manifest; with a number where files lie that nobody here has written. Nothing when one of them
 * was promised and came just now.
 */
async function freeName(
  context: SealContext,
  chain: Chain,
): Promise<{ readonly name: string; readonly strange: readonly string[] } | undefined> {
  const strange: string[] = [];
  for (let again = 0; ; again++) {
    const name = manifestName(context.catalog.destinationId, chain.sequence + 1, again);
    if ((await context.store.stat(name)) === undefined) return { name, strange };
    const promised = chain.promised?.filter((promise) => promise.name === name) ?? [];
    if (promised.length > 0 && (await findPromised(context, { ...chain, promised })) !== undefined)
      return undefined;
    strange.push(name);
  }
}

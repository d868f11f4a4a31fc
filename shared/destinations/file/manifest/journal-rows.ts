import { createHash } from 'node:crypto';
import { listAll } from '../../../state/list-all.ts';
import type { Operation, StateStore } from '../../../state/state-store.ts';
import type { Catalog } from '../catalog.ts';
import { type FileEvent, journalEnd, journalPrefix } from '../journal.ts';
import type { Chain } from './chain.ts';
import { isManifestHead, readManifest } from './manifest-file.ts';
import type { SealContext } from './seal-context.ts';

const maxBatch = 100;

/** What stands in no manifest yet, in the order in which it happened. */
export async function* journalEvents({ state, partition }: Catalog): AsyncIterable<FileEvent> {
  const range = { from: journalPrefix, before: journalEnd };
  for await (const { value } of listAll<FileEvent>(state, 'catalog', partition, range)) yield value;
}

/** What the next manifest is made of. Events of other runs that still go on are left to these. */
export async function collectEvents(
  context: SealContext,
): Promise<{ readonly events: readonly FileEvent[]; readonly ends: boolean }> {
  const events: FileEvent[] = [];
  const over = new Map<string, boolean>([[context.run, true]]);
  for await (const event of journalEvents(context.catalog)) {
    if (event.run !== undefined && !over.has(event.run)) over.set(event.run, await context.isOver(event.run));
    if (event.run !== undefined && over.get(event.run) !== true) continue;
    if (events.length === context.maxLines) return { events, ends: false };
    events.push(event);
  }
  return { events, ends: true };
}

/**
 * Takes the lines of the last manifest out of the journal. Where its file is not what it was a moment ago nothing is
 * taken out: the next manifest has these lines again. Returns what a person should know.
 */
export async function clearJournal(
  { catalog, store, destination }: SealContext,
  { last }: Chain,
): Promise<readonly string[]> {
  if (last === undefined) return [];
  const alarm = `${last.name} of "${destination}" was changed or removed right after it was written; what it named is written again.`;
  if ((await store.stat(last.name)) === undefined) return [alarm];
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(last.name)) {
    hash.update(chunk);
    chunks.push(chunk);
  }
  if (hash.digest('hex') !== last.sha256) return [alarm];
  const ids: string[] = [];
  const alarms: string[] = [];
  for await (const line of readManifest(toChunks(chunks), last.name)) {
    if (isManifestHead(line)) continue;
    ids.push(line.id);
    if (line.alarm !== undefined) alarms.push(line.alarm);
  }
  for (let at = 0; at < ids.length; at += maxBatch)
    await removeRows(catalog.state, catalog.partition, ids.slice(at, at + maxBatch));
  return alarms;
}

async function removeRows(state: StateStore, partition: string, keys: readonly string[]): Promise<void> {
  const [first] = keys;
  // A batch is all or nothing: where its first row is gone, one that was cut off has removed them all.
  if (first === undefined || (await state.get('catalog', partition, first)) === undefined) return;
  const operations: Operation[] = keys.map((key) => ({ op: 'remove', key }));
  await state.batch('catalog', partition, operations);
}

async function* toChunks(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

import { isFinished } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { listAll } from '../state/list-all.ts';
import { type ImportRecord, removeParts, STAGED_IMPORTS } from './import-record.ts';
import { removeCredentials } from './load-credentials.ts';
import { removeImport, runOf } from './uploads.ts';

/** What was sent stays so long after the last part, or the last load, for another try. Milliseconds. */
const KEPT_MS = 7 * 86_400_000;
/** Between the credentials and their run there are moments. Milliseconds. */
const STARTING_MS = 3_600_000;

/** Removes uploads that nobody goes on with, and what was given for loads that are over and could not remove it. */
export async function removeImports(
  services: Pick<Services, 'state' | 'staging' | 'now'>,
  timeIsUp: () => boolean,
): Promise<{ readonly removed: number; readonly done: boolean }> {
  const { state, now } = services;
  let removed = 0;
  const known = new Map<string, { readonly going: boolean; readonly idle: number }>();
  for await (const { value } of listAll<ImportRecord>(state, 'imports', 'import')) {
    if (timeIsUp()) return { removed, done: false };
    const run = await runOf(services, value);
    const going = run !== undefined && !isFinished(run);
    const last = Math.max(Date.parse(value.touchedAt), Date.parse(run?.finishedAt ?? value.touchedAt));
    const idle = now() - last;
    known.set(value.id, { going, idle });
    if (going || idle < KEPT_MS) continue;
    await removeImport(services, value);
    removed++;
  }
  for await (const { key } of listAll(state, 'imports', 'credentials')) {
    const of = known.get(key);
    if (!of || (!of.going && of.idle > STARTING_MS)) await removeCredentials(state, key);
  }
  await sweepParts(services);
  return { removed, done: true };
}

/** Of imports that are gone: a part may have come while its import was deleted. */
async function sweepParts({ state, staging }: Pick<Services, 'state' | 'staging'>): Promise<void> {
  const gone = new Map<string, boolean>();
  for await (const { name } of staging.list(`${STAGED_IMPORTS}/`)) {
    const id = name.split('/')[1] ?? '';
    if (!gone.has(id)) gone.set(id, (await state.get('imports', 'import', id)) === undefined);
    if (!gone.get(id)) continue;
    await staging.remove(name);
    await removeParts(state, id);
  }
}

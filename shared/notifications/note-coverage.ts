import type { Settings } from '../settings/settings.ts';
import type { StateStore } from '../state/state-store.ts';
import type { StreamId } from '../streams/stream.ts';
import { nameOf, titleOf } from './note-run.ts';
import { troubleKey } from './trouble.ts';
import { changeTrouble, listTroubles, meet, overcome } from './trouble-store.ts';

/**
 * What a reconciliation says of a site, or of one transfer of it. `missing`: a gap. `hidden`: recordings that the account
 * is not shown. `aging`: the appliance is about to forget what is not stored yet. `unchecked`: it could not be
 * compared. `lost`: the appliance has forgotten it.
 */
export interface CoverageNote {
  readonly what: 'missing' | 'hidden' | 'aging' | 'unchecked' | 'lost';
  readonly siteId: string;
  readonly stream?: StreamId;
  readonly destinationId?: string;
  /** One line. Absent: it is not so, or not any more. */
  readonly message?: string;
  /** Id of the reconciliation, and when it was made: what an older one says later does not count. */
  readonly runId: string;
  readonly dueAt: string;
}

export async function noteCoverage(
  state: StateStore,
  settings: Settings,
  notes: readonly CoverageNote[],
  now: number,
): Promise<void> {
  const rows = new Map((await listTroubles(state)).map((entry) => [entry.key, entry]));
  for (const { what, message, ...about } of notes) {
    const { siteId, stream, destinationId, runId, dueAt } = about;
    const ofTransfer = stream !== undefined && destinationId !== undefined;
    const key = troubleKey('gap', what, siteId, ...(ofTransfer ? [stream, destinationId] : []));
    const row = rows.get(key);
    if (message === undefined) {
      if (row) await changeTrouble(state, key, (before) => overcome(before, { runId, dueAt }, now), row);
      continue;
    }
    const title = ofTransfer
      ? titleOf({ siteId, stream, destinationId }, settings)
      : nameOf(settings.sites, siteId);
    const event = what === 'lost' ? { event: true } : {};
    const met = { ...about, kind: 'gap', title, message: message.slice(0, 500), ...event } as const;
    await changeTrouble(state, key, (before) => meet(before, met, now), row);
  }
}

import type { Origin, SessionVersion, StoreOutcome } from '../destination.ts';
import { fitSession, limitsMark } from './fit-rows.ts';
import { decide, type StoredState } from './session-decision.ts';
import { type RowOptions, sessionRows } from './session-rows.ts';
import type { SqlTransaction } from './sql-database.ts';
import { SqlRefusal } from './sql-values.ts';
import { readStoredStates } from './stored-states.ts';
import { type PlannedWrite, writeSessions } from './write-rows.ts';

/** Bump when the same content would give other rows: it makes a repeated load write them. */
const MAPPING_VERSION = 1;

export function storedForm(options: RowOptions): string {
  return [
    MAPPING_VERSION,
    ...(options.storeSystemInformation ? ['system-information'] : []),
    ...(options.storeCapabilityUrls ? ['urls'] : []),
  ].join('+');
}

/**
 * Decides on each session and writes those that are to be written, inside the caller's transaction. A session that
 * cannot be mapped is rejected alone; one that the database refuses throws `SqlRefusal` for the whole batch.
 */
export async function storeInTransaction(
  transaction: SqlTransaction,
  origin: Origin,
  versions: readonly SessionVersion[],
  options: RowOptions,
  storedAt: string,
): Promise<readonly StoreOutcome[]> {
  const form = storedForm(options);
  const { layout } = transaction;
  const cutForm = `${form}+cut-${limitsMark(layout)}`;
  const lsids = [...new Set(versions.map(({ session }) => session.lsid))];
  const before = await readStoredStates(transaction, origin.host, lsids);
  const now = new Map<string, StoredState>(before);
  const writes = new Map<string, PlannedWrite>();
  const outcomes = versions.map((version): StoreOutcome => {
    const { lsid } = version.session;
    const state = now.get(lsid);
    if (state === undefined) throw new Error('a session was not looked up');
    const status = decide(state, version, [form, cutForm]);
    if (status === 'unchanged' || status === 'older') return { status };
    const fitted = mapped(() => fitSession(sessionRows(origin, version.session, options), layout));
    if (fitted instanceof SqlRefusal) return { status: 'rejected', reason: fitted.message };
    const sessionId = before.get(lsid)?.sessionId;
    const written = fitted.whole.length === 0 ? form : cutForm;
    writes.set(lsid, { version, ...fitted, form: written, sessionId });
    // The same session again later in this batch is judged by this version. -1 = has no row until it is written.
    now.set(lsid, {
      sessionId: sessionId ?? -1,
      ours: { hash: version.hash, form: written, closed: version.closed, readAt: version.readAt },
      foreignClosed: false,
      staleIds: [],
    });
    return { status };
  });
  if (writes.size > 0) {
    const stale = [...writes.keys()].flatMap((lsid) => before.get(lsid)?.staleIds ?? []);
    await writeSessions(transaction, origin, [...writes.values()], { storedAt, stale });
  }
  return outcomes;
}

function mapped<T>(map: () => T): T | SqlRefusal {
  try {
    return map();
  } catch (error) {
    if (error instanceof SqlRefusal) return error;
    throw error;
  }
}

import type { StoredState } from './session-decision.ts';
import { ownRef, type SqlReader } from './sql-database.ts';
import type { SqlValue } from './sql-values.ts';

/** What the database holds of each of these sessions; every lsid asked for has an entry. */
export async function readStoredStates(
  transaction: Pick<SqlReader, 'layout' | 'findSessions'>,
  host: string,
  lsids: readonly string[],
): Promise<ReadonlyMap<string, StoredState>> {
  const [session] = transaction.layout.tables.session;
  if (session === undefined) throw new Error('the layout has no session table');
  const [rows = [], known = []] = await transaction.findSessions(host, lsids, [
    { table: session, columns: ['id', 'lsid', 'end_time'] },
    {
      table: ownRef('ic_session'),
      columns: ['session_id', 'lsid', 'content_hash', 'stored_form', 'closed', 'read_at'],
    },
  ]);
  const rowsOf = Map.groupBy(rows, ([, lsid]) => String(lsid));
  const knownOf = new Map(known.map((row) => [String(row[1]), row]));
  return new Map(lsids.map((lsid) => [lsid, stateOf(rowsOf.get(lsid) ?? [], knownOf.get(lsid))]));
}

function stateOf(
  rows: readonly (readonly SqlValue[])[],
  known: readonly SqlValue[] | undefined,
): StoredState {
  const ownRow = known === undefined ? undefined : rows.find(([id]) => Number(id) === Number(known[0]));
  if (known !== undefined && ownRow !== undefined) {
    const [id, , hash, form, closed, readAt] = known;
    return {
      sessionId: Number(id),
      ours: { hash: String(hash), form: String(form), closed: Number(closed) === 1, readAt: Number(readAt) },
      foreignClosed: false,
      staleIds: [],
    };
  }
  // Another program may hold a session more than once: its newest row is taken over, the others are not ours to touch.
  const foreign = rows.at(-1);
  return {
    sessionId: foreign === undefined ? undefined : Number(foreign[0]),
    ours: undefined,
    foreignClosed: foreign !== undefined && foreign[2] !== null && foreign[2] !== '',
    // Its row was removed by a program that does not enforce foreign keys: what we noted is of no session any more.
    staleIds: known === undefined ? [] : [Number(known[0])],
  };
}

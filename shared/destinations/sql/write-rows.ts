import type { Origin, SessionVersion } from '../destination.ts';
import type { WholeValue } from './fit-rows.ts';
import { icSessionColumns } from './own-schema.ts';
import { dataColumns, type EventRows, peopleTables, type Row, type SessionRows } from './session-rows.ts';
import { ownRef, type SqlTransaction } from './sql-database.ts';
import type { LaidOutTable } from './sql-layout.ts';
import { type GuideTable, parentColumn } from './sql-schema.ts';
import type { SqlValue } from './sql-values.ts';

export interface PlannedWrite {
  readonly version: SessionVersion;
  /** As they fit the database. */
  readonly rows: SessionRows;
  readonly whole: readonly WholeValue[];
  readonly form: string;
  /** The row to be replaced. */
  readonly sessionId: number | undefined;
}

/** Replaces each session whole: its row keeps its `id`, all that hangs on it is removed and written anew. */
export async function writeSessions(
  transaction: SqlTransaction,
  origin: Origin,
  writes: readonly PlannedWrite[],
  notes: { readonly storedAt: string; readonly stale: readonly number[] },
): Promise<void> {
  const replaced = writes.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [sessionId]));
  await removeChildren(transaction, replaced);
  const ids = await writeSessionRows(transaction, writes);
  // New ids too: a table made by somebody else may give the id of a removed row again.
  await transaction.removeWhere(ownRef('ic_session'), 'session_id', [...ids, ...notes.stale]);
  await writeEvents(
    transaction,
    writes.flatMap(({ rows }, index) => rows.events.map((event) => [idAt(ids, index), event] as const)),
  );
  for (const table of peopleTables)
    for (const place of transaction.layout.tables[table])
      await insertChildren(
        transaction,
        table,
        place,
        writes.flatMap(({ rows }, index) =>
          rows.people[table].map((row) => [idAt(ids, index), row] as const),
        ),
      );
  await transaction.insert(
    ownRef('ic_session'),
    icSessionColumns,
    writes.map((write, index) => icSessionRow(origin, write, idAt(ids, index), notes)),
  );
}

/** From the bottom up: an existing database need not have keys that cascade. */
async function removeChildren(transaction: SqlTransaction, sessionIds: readonly number[]): Promise<void> {
  if (sessionIds.length === 0) return;
  const { tables } = transaction.layout;
  for (const events of tables.session_event) {
    for (const child of [...tables.session_event_data, ...tables.system_information])
      await transaction.removeBelow(child, 'session_event_id', events, 'session_id', sessionIds);
    await transaction.removeWhere(events, 'session_id', sessionIds);
  }
  for (const table of peopleTables)
    for (const place of tables[table]) await transaction.removeWhere(place, 'session_id', sessionIds);
}

async function writeSessionRows(
  transaction: SqlTransaction,
  writes: readonly PlannedWrite[],
): Promise<readonly number[]> {
  const [place] = transaction.layout.tables.session;
  if (place === undefined) throw new Error('the layout has no session table');
  const pick = picker('session', place);
  const added = writes.filter(({ sessionId }) => sessionId === undefined);
  const newIds = await transaction.insertForIds(
    place,
    pick.columns,
    added.map(({ rows }) => pick.row(rows.session)),
    ['host_name', 'lsid'],
  );
  await transaction.updateById(
    place,
    pick.columns,
    writes.flatMap(({ rows, sessionId }) =>
      sessionId === undefined ? [] : [[sessionId, ...pick.row(rows.session)]],
    ),
  );
  let next = 0;
  return writes.map(({ sessionId }) => sessionId ?? idAt(newIds, next++));
}

async function writeEvents(
  transaction: SqlTransaction,
  events: readonly (readonly [sessionId: number, EventRows])[],
): Promise<void> {
  const { tables } = transaction.layout;
  const [place] = tables.session_event;
  if (place === undefined) throw new Error('the layout has no session_event table');
  const pick = picker('session_event', place);
  const ids = await transaction.insertForIds(
    place,
    ['session_id', ...pick.columns],
    events.map(([sessionId, { event }]) => [sessionId, ...pick.row(event)]),
    ['session_id'],
  );
  const children = {
    session_event_data: events.flatMap(([, { data }], index) =>
      data.map((row) => [idAt(ids, index), row] as const),
    ),
    system_information: events.flatMap(([, { systemInformation }], index) =>
      systemInformation.map((row) => [idAt(ids, index), row] as const),
    ),
  };
  for (const table of ['session_event_data', 'system_information'] as const)
    for (const child of tables[table]) await insertChildren(transaction, table, child, children[table]);
}

async function insertChildren(
  transaction: SqlTransaction,
  table: GuideTable,
  place: LaidOutTable,
  rows: readonly (readonly [parentId: number, Row])[],
): Promise<void> {
  const parent = parentColumn(table);
  if (parent === undefined) throw new Error(`${table} has no parent`);
  const pick = picker(table, place);
  await transaction.insert(
    place,
    [parent, ...pick.columns],
    rows.map(([parentId, row]) => [parentId, ...pick.row(row)]),
  );
}

/** Leaves out what an existing table has no column for. */
function picker(table: GuideTable, place: LaidOutTable) {
  const all = dataColumns(table);
  const columns = all.filter((column) => place.columns.has(column));
  const complete = columns.length === all.length;
  const row = (values: Row): Row =>
    complete ? values : values.filter((_, index) => place.columns.has(all[index] ?? ''));
  return { columns, row };
}

function icSessionRow(
  origin: Origin,
  { version, rows, whole, form }: PlannedWrite,
  sessionId: number,
  notes: { readonly storedAt: string },
): Row {
  const { session } = version;
  const values: Record<(typeof icSessionColumns)[number], SqlValue> = {
    session_id: sessionId,
    host_name: origin.host,
    lsid: session.lsid,
    content_hash: version.hash,
    stored_form: form,
    closed: Number(version.closed),
    read_at: version.readAt,
    stored_at: notes.storedAt,
    site_id: origin.siteId,
    appliance_id: origin.applianceId ?? null,
    api_version: origin.apiVersion ?? null,
    jumpoint_id: rows.jumpoint.id,
    jumpoint_name: rows.jumpoint.name,
    file_move_count: session.fileMoveCount,
    file_delete_count: session.fileDeleteCount,
    whole_values: whole.length === 0 ? null : JSON.stringify(whole),
  };
  return icSessionColumns.map((column) => values[column]);
}

function idAt(ids: readonly number[], index: number): number {
  const id = ids[index];
  if (id === undefined) throw new Error('the database gave fewer ids than rows');
  return id;
}

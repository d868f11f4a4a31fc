/** The plain way to load sessions, to compare with: one INSERT a row, one transaction a session. */
import type { DatabaseSync } from 'node:sqlite';
import mssql from 'mssql';
import {
  dataColumns,
  peopleTables,
  type Row,
  type SessionRows,
} from '../../shared/destinations/sql/session-rows.ts';
import type { GuideTable } from '../../shared/destinations/sql/sql-schema.ts';

/** Inserts one row and gives its id. */
type InsertOne = (table: GuideTable, columns: readonly string[], row: Row) => Promise<number>;

async function insertSession(insert: InsertOne, rows: SessionRows): Promise<void> {
  const session = await insert('session', dataColumns('session'), rows.session);
  for (const { event, data, systemInformation } of rows.events) {
    const id = await insert(
      'session_event',
      ['session_id', ...dataColumns('session_event')],
      [session, ...event],
    );
    for (const row of data)
      await insert(
        'session_event_data',
        ['session_event_id', ...dataColumns('session_event_data')],
        [id, ...row],
      );
    for (const row of systemInformation)
      await insert(
        'system_information',
        ['session_event_id', ...dataColumns('system_information')],
        [id, ...row],
      );
  }
  for (const table of peopleTables)
    for (const row of rows.people[table])
      await insert(table, ['session_id', ...dataColumns(table)], [session, ...row]);
}

export async function plainSqlite(database: DatabaseSync, sessions: readonly SessionRows[]): Promise<void> {
  const insert: InsertOne = async (table, columns, row) => {
    const sql = `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    return Number(database.prepare(sql).run(...row).lastInsertRowid);
  };
  for (const rows of sessions) {
    database.exec('BEGIN IMMEDIATE');
    await insertSession(insert, rows);
    database.exec('COMMIT');
  }
}

export async function plainMssql(
  pool: mssql.ConnectionPool,
  schema: string,
  sessions: readonly SessionRows[],
): Promise<void> {
  for (const rows of sessions) {
    const transaction = new mssql.Transaction(pool);
    await transaction.begin();
    await insertSession(async (table, columns, row) => {
      const request = transaction.request();
      for (const [index, value] of row.entries()) request.input(`p${index}`, value);
      const { recordset } = await request.query<{ id: string }>(
        `INSERT INTO [${schema}].[${table}] (${columns.map((column) => `[${column}]`).join(', ')}) VALUES (${row.map((_, index) => `@p${index}`).join(', ')}); SELECT SCOPE_IDENTITY() AS id`,
      );
      return Number(recordset[0]?.id);
    }, rows);
    await transaction.commit();
  }
}

import { randomUUID } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { RowOptions } from './session-rows.ts';
import { storeInTransaction } from './session-writer.ts';
import { ownRef, type SqlDatabase } from './sql-database.ts';
import { probe, probeOrigin } from './sql-probe.ts';
import { SqlRefusal, utcNow } from './sql-values.ts';

/**
 * Does what storing does, in a transaction that is undone; then commits a row of our own, reads it back and removes
 * it, since only a commit meets a full disk.
 */
export async function checkSqlDatabase(
  database: SqlDatabase,
  options: RowOptions,
  destination: string,
): Promise<void> {
  try {
    await database.write(probeOrigin.host, async (transaction) => {
      const [outcome] = await storeInTransaction(transaction, probeOrigin, [probe], options, utcNow());
      if (outcome?.status !== 'stored') throw new Error('the test session was not stored');
      const [table] = transaction.layout.tables.session;
      if (table === undefined) throw new Error('the layout has no session table');
      const { host } = probeOrigin;
      const [rows] = await transaction.findSessions(host, [probe.session.lsid], [{ table, columns: ['id'] }]);
      if (rows?.length !== 1) throw new Error('the test session could not be read back');
      throw new Undo();
    });
  } catch (error) {
    if (error instanceof SqlRefusal)
      throw new Failure(
        'terminal',
        'database-refuses',
        `destination "${destination}": the database refuses a test session: ${error.message}`,
        { cause: error },
      );
    if (!(error instanceof Undo)) throw error;
  }
  const row = [randomUUID(), 'x'.repeat(65_536)];
  const table = ownRef('ic_check');
  const columns = ['marker', 'value'];
  await database.write(probeOrigin.host, (transaction) => transaction.insert(table, columns, [row]));
  await database.write(probeOrigin.host, async (transaction) => {
    const [found] = await transaction.find(table, columns, 'marker', row.slice(0, 1));
    if (found?.[1] !== row[1]) throw new Error('the test row could not be read back');
    await transaction.removeWhere(table, 'marker', row.slice(0, 1));
  });
}

class Undo extends Error {
  override readonly name = 'Undo';
}

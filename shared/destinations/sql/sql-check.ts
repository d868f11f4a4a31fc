import { Failure } from '../../errors.ts';
import type { RowOptions } from './session-rows.ts';
import { storeInTransaction } from './session-writer.ts';
import type { SqlDatabase } from './sql-database.ts';
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
    await database.write(async (transaction) => {
      const [outcome] = await storeInTransaction(transaction, probeOrigin, [probe], options, utcNow());
      if (outcome?.status !== 'stored') throw new Error('the test session was not stored');
      const table = transaction.layout.tables.session[0]?.name ?? 'session';
      const rows = await transaction.findSessions(table, ['id'], probeOrigin.host, [probe.session.lsid]);
      if (rows.length !== 1) throw new Error('the test session could not be read back');
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
  const [id] = await database.write((transaction) =>
    transaction.insertForIds('ic_check', ['value'], [['x'.repeat(65_536)]]),
  );
  if (id === undefined) throw new Error('the test row has no id');
  await database.write(async (transaction) => {
    const found = await transaction.idsWhere('ic_check', 'id', [id]);
    if (found.length !== 1) throw new Error('the test row could not be read back');
    await transaction.removeWhere('ic_check', 'id', [id]);
  });
}

class Undo extends Error {
  override readonly name = 'Undo';
}

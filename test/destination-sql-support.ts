import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import {
  openSqlDestination,
  type SqlDestinationOptions,
} from '../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../shared/log.ts';
import { sinkOf } from './contract/session-sink-contract.ts';

/** A path for a database in a folder of its own that goes when the test ends. */
export function databasePath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'destination-sql-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.db');
}

/** An open destination that is closed when the test ends. */
export async function openAt(
  context: TestContext,
  path: string,
  options: Partial<Omit<SqlDestinationOptions, 'settings'>> = {},
) {
  const destination = await openSqlDestination({
    id: 'sql',
    name: 'Reports',
    log: silentLog,
    ...options,
    settings: { kind: 'sqlite', path },
  });
  context.after(() => destination.close());
  return { destination, sink: sinkOf(destination) };
}

/** Runs one statement by hand and gives its rows. */
export function sql(path: string, statement: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare(statement)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Runs a script by hand, as another program would. */
export function script(path: string, statements: string): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(statements);
  } finally {
    database.close();
  }
}

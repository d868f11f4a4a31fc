import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Destination } from '../shared/destinations/destination.ts';
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../shared/log.ts';
import { describeSessionSinkContract } from './contract/session-sink-contract.ts';

describeSessionSinkContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'destination-sql-'));
  const path = join(folder, 'sessions.db');
  const opened: Destination[] = [];
  return {
    async open(settings = {}) {
      const destination = await openSqlDestination({
        id: 'sql',
        name: 'Reports',
        settings: { kind: 'sqlite', path, ...settings },
        log: silentLog,
      });
      opened.push(destination);
      return destination;
    },
    async rows(table) {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return database.prepare(`SELECT * FROM "${table}" ORDER BY 1`).all();
      } finally {
        database.close();
      }
    },
    async remove() {
      for (const destination of opened) await destination.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

/** Loads so many sessions into a SQLite file in batches of 100 and prints the largest memory (RSS, in MB) seen. */
import { openSqlDestination } from '../../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../../shared/log.ts';
import { numbered, rsOrigin, version } from '../contract/session-sink-fixtures.ts';

const [path = '', count = '0'] = process.argv.slice(2);
const destination = await openSqlDestination({
  id: 'sql',
  name: 'Bench',
  settings: { kind: 'sqlite', path },
  log: silentLog,
});
let peak = 0;
for (let first = 0; first < Number(count); first += 100) {
  const batch = Array.from({ length: 100 }, (_, index) => version(numbered(first + index, 5)));
  await destination.sessions?.store(rsOrigin, batch);
  peak = Math.max(peak, process.memoryUsage.rss());
}
await destination.close();
console.log(peak / 1_000_000);

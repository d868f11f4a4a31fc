/** Loads so many sessions into a new database in batches of 100 and prints the largest memory (RSS, in MB) seen. */
import { openSqlDestination } from '../../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../../shared/log.ts';
import { numbered, rsOrigin, version } from '../contract/session-sink-fixtures.ts';
import { makeMssql, makeSqlite } from '../destination-sql-places.ts';

const [kind, count = '0'] = process.argv.slice(2);
const place = await (kind === 'sqlite' ? makeSqlite() : makeMssql());
try {
  const { settings, secret } = place;
  const destination = await openSqlDestination({
    id: 'sql',
    name: 'Bench',
    settings,
    secret,
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
} finally {
  await place.remove();
}

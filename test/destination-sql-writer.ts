/** A process that stores batches and says so: `writer.ts DATABASE FIRST COUNT SIZE`; the parent may kill it. */
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../shared/log.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { numbered, rsOrigin, version } from './contract/session-sink-fixtures.ts';

const [path = '', ...numbers] = process.argv.slice(2);
const [first = 0, count = 1, size = 1] = numbers.map(Number);
const destination = await openSqlDestination({
  id: 'sql',
  name: 'Reports',
  settings: { kind: 'sqlite', path },
  log: silentLog,
});
// The tables are there before the first batch: what is looked at is the batches.
await destination.check();
for (let batch = first; batch < first + count; batch++) {
  const sessions = Array.from({ length: size }, (_, place) => version(numbered(batch * size + place, 20)));
  process.stdout.write(`begin ${batch}\n`);
  const outcomes = await sinkOf(destination).store(rsOrigin, sessions);
  const counts = Object.groupBy(outcomes, ({ status }) => status);
  process.stdout.write(`end ${batch} ${counts.stored?.length ?? 0} ${counts.unchanged?.length ?? 0}\n`);
}
await destination.close();

import { describe, test } from 'node:test';
import type { Destination } from '../shared/destinations/destination.ts';
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { silentLog } from '../shared/log.ts';
import { describeSessionSinkContract } from './contract/session-sink-contract.ts';
import { rowsIn, sqlKinds } from './destination-sql-places.ts';

for (const { name, make, skip } of sqlKinds) {
  if (skip !== false) {
    describe(`${name}: session sink`, () => test('the contract of session sinks', { skip }));
    continue;
  }
  describeSessionSinkContract(name, async () => {
    const place = await make();
    const opened: Destination[] = [];
    return {
      async open(settings = {}) {
        const destination = await openSqlDestination({
          id: 'sql',
          name: 'Reports',
          settings: { ...place.settings, ...settings },
          secret: place.secret,
          log: silentLog,
        });
        opened.push(destination);
        return destination;
      },
      rows: (table) => rowsIn(place, table),
      async remove() {
        for (const destination of opened) await destination.close();
        await place.remove();
      },
    };
  });
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination } from '../shared/destinations/destination.ts';
import { schemaScript } from '../shared/destinations/sql/print-schema.ts';
import { Failure } from '../shared/errors.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { numbered, rsOrigin, version } from './contract/session-sink-fixtures.ts';
import {
  connectionString,
  countIn,
  destinationAt,
  handPool,
  placeFor,
  type SqlPlace,
  serverAddress,
  sqlKinds,
} from './destination-sql-places.ts';

const server = sqlKinds.find(({ name }) => name === 'SQL Server') ?? assert.fail();
const { skip } = server;

/** Stands between the product and the server. */
interface Proxy {
  readonly port: number;
  /** Ends every connection once so many more bytes have gone to the server. */
  cutAfter(bytes: number): void;
  readonly cuts: number;
  /** Takes no connections for so long, and ends those there are. */
  down(milliseconds: number): void;
}

async function startProxy(context: TestContext): Promise<Proxy> {
  const { host, port } = serverAddress();
  const open = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let cuts = 0;
  let downUntil = 0;
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const proxy = createServer((client) => {
    if (Date.now() < downUntil) return client.destroy();
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (bytes) => {
      left -= bytes.length;
      if (left < 0) {
        left = Number.POSITIVE_INFINITY;
        cuts++;
        return cut();
      }
      upstream.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(() => {
    cut();
    proxy.close();
  });
  const address = proxy.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    cutAfter(bytes) {
      left = bytes;
    },
    get cuts() {
      return cuts;
    },
    down(milliseconds) {
      downUntil = Date.now() + milliseconds;
      cut();
    },
  };
}

const SIZE = 30;
const EVENTS = 20;
const batch = (number: number) =>
  Array.from({ length: SIZE }, (_, index) => version(numbered(number * SIZE + index, EVENTS)));

async function assertWhole(place: SqlPlace, batches: number): Promise<void> {
  assert.equal(await countIn(place, 'session'), batches * SIZE);
  assert.equal(await countIn(place, 'session_event'), batches * SIZE * EVENTS);
  assert.equal(await countIn(place, 'session_event_data'), batches * SIZE * EVENTS * 2);
  assert.equal(await countIn(place, 'representative'), batches * SIZE);
  assert.equal(await countIn(place, 'ic_session'), batches * SIZE);
}

test('SQL Server: a connection lost anywhere in a batch is made again, and the batch is stored once', {
  skip,
}, async (context) => {
  const place = await placeFor(context, server);
  const proxy = await startProxy(context);
  const sink = sinkOf(
    await destinationAt(context, place, { secret: async () => connectionString(proxy.port) }),
  );
  await sink.store(rsOrigin, batch(0));
  // A batch is some hundred kilobytes: from its first statement to its commit.
  const cuts = [10, 2_000, 20_000, 60_000, 100_000, 140_000, 180_000];
  for (const [index, bytes] of cuts.entries()) {
    proxy.cutAfter(bytes);
    const outcomes = await sink.store(rsOrigin, batch(index + 1));
    // Where the commit was done and its answer lost, the repeat finds everything there.
    assert.ok(outcomes.every(({ status }) => status === 'stored' || status === 'unchanged'));
    await assertWhole(place, index + 2);
  }
  assert.ok(proxy.cuts >= 5, `${proxy.cuts} cuts`);
});

test('SQL Server: a server that restarts is waited for; one that stays away is transient and named', {
  skip,
}, async (context) => {
  const place = await placeFor(context, server);
  const proxy = await startProxy(context);
  const secret = async () => connectionString(proxy.port);
  const sink = sinkOf(await destinationAt(context, place, { secret }));
  await sink.store(rsOrigin, batch(0));
  proxy.down(2_000);
  assert.ok((await sink.store(rsOrigin, batch(1))).every(({ status }) => status === 'stored'));
  const storing = sink.store(rsOrigin, batch(2));
  await sleep(20);
  proxy.down(1_500);
  assert.ok((await storing).every(({ status }) => status === 'stored' || status === 'unchanged'));
  await assertWhole(place, 3);
  const hasty = sinkOf(await destinationAt(context, place, { secret, patienceMs: 300 }));
  proxy.down(60_000);
  await assert.rejects(hasty.store(rsOrigin, batch(3)), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.kind, error.code], ['transient', 'database-unreachable']);
    assert.match(error.message, /^destination "Reports": .*127\.0\.0\.1|localhost/);
    return true;
  });
  await assertWhole(place, 3);
});

test('SQL Server: a wrong password, and a database that is not there, are for a person', {
  skip,
}, async (context) => {
  const place = await placeFor(context, server);
  const wrong = await destinationAt(context, place, {
    secret: async () => connectionString().replace(/Password="[^;]*"/, 'Password="wrong"'),
  });
  await assert.rejects(wrong.check(), { kind: 'terminal', code: 'wrong-login' });
  const nowhere = await destinationAt(context, place, {
    patienceMs: 100,
    secret: async () => connectionString().replace(/Database=[^;]*/, 'Database=no_such_database'),
  });
  await assert.rejects(nowhere.check(), (error) => {
    assert.ok(error instanceof Failure && error.kind === 'terminal', String(error));
    assert.match(error.message, /no_such_database/);
    return true;
  });
});

/** A destination by a login of its own that may do what is granted. */
async function limitedAt(context: TestContext, place: SqlPlace, rights: string): Promise<Destination> {
  const name = `${place.path}_login`;
  const password = 'Only4This!Test';
  await place.query(`CREATE LOGIN ${name} WITH PASSWORD = '${password}'`);
  await place.query(`CREATE USER ${name} FOR LOGIN ${name}`);
  const tables = await place.query(
    `SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '${place.path}'`,
  );
  await place.query(`GRANT ${rights} ON SCHEMA::${place.path} TO ${name}`);
  for (const table of tables)
    await place.query(`GRANT ${rights} ON ${place.table(String(table.name))} TO ${name}`);
  const secret = connectionString()
    .replace(/User ID=[^;]*/, `User ID=${name}`)
    .replace(/Password="[^;]*"/, `Password="${password}"`);
  const destination = await destinationAt(context, place, { secret: async () => secret });
  // After the destination has left; the place may be gone by then.
  context.after(async () => {
    const pool = await handPool();
    for (const statement of [`DROP USER ${name}`, `DROP LOGIN ${name}`])
      await pool.request().query(statement);
    await pool.close();
  });
  return destination;
}

async function runPrinted(place: SqlPlace): Promise<void> {
  for (const statements of schemaScript('mssql', place.path).split(/^GO$/m))
    if (statements.trim() !== '') await place.query(statements);
}

test('SQL Server: where the printed schema was run, SELECT, INSERT, UPDATE and DELETE are enough', {
  skip,
}, async (context) => {
  const place = await server.make();
  context.after(() => place.remove());
  await runPrinted(place);
  const destination = await limitedAt(context, place, 'SELECT, INSERT, UPDATE, DELETE');
  await destination.check();
  const sink = sinkOf(destination);
  await sink.store(rsOrigin, batch(0));
  const again = batch(0).map(({ session }) => version(session, { hash: 'h2', readAt: 1_770_000_000 }));
  assert.ok((await sink.store(rsOrigin, again)).every(({ status }) => status === 'replaced'));
  await assertWhole(place, 1);
});

test('SQL Server: a missing permission is named, with what to grant, and leaves nothing', {
  skip,
}, async (context) => {
  const place = await placeFor(context, server);
  await runPrinted(place);
  const destination = await limitedAt(context, place, 'SELECT');
  for (const attempt of [() => destination.check(), () => sinkOf(destination).store(rsOrigin, batch(0))])
    await assert.rejects(attempt(), (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.deepEqual([error.kind, error.code], ['terminal', 'permission-missing']);
      assert.match(error.message, /^destination "Reports": .*grant SELECT, INSERT, UPDATE and DELETE/);
      return true;
    });
  assert.equal(await countIn(place, 'session'), 0);
});

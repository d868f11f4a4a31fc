import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { poolConfig, readTarget, targetPlace } from '../shared/destinations/sql/mssql-connection.ts';
import { mssqlFailure, patienceFor, repeatable } from '../shared/destinations/sql/mssql-failure.ts';
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { sqlPlugin } from '../shared/destinations/sql/sql-plugin.ts';
import { sqlSettingsSchema } from '../shared/destinations/sql/sql-settings.ts';
import { SqlRefusal } from '../shared/destinations/sql/sql-values.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';

const azure = 'Server=tcp:example.database.windows.net,1433;Initial Catalog=sessions;';
const identity = `${azure}Authentication=Active Directory Default`;

test('a connection string is read with every spelling, quotes and what other clients add', () => {
  const target = readTarget(
    `${azure}Persist Security Info=False;User ID="o""brien;x";Pwd='a;b''c=';MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=45;`,
  );
  assert.deepEqual(target.login, { kind: 'password', user: 'o"brien;x', password: "a;b'c=" });
  assert.deepEqual(
    [target.server, target.port, target.database, target.connectTimeoutMs, target.encrypt],
    ['example.database.windows.net', 1433, 'sessions', 45_000, true],
  );
  assert.equal(targetPlace(target), 'example.database.windows.net,1433/sessions');
  const named = readTarget('data source=HOST\\SQL2019;database=d;uid=u;password=p');
  assert.deepEqual([named.server, named.instance, named.port], ['HOST', 'SQL2019', undefined]);
  assert.equal(targetPlace(named), 'host\\sql2019/d');
});

test('a managed identity signs in by tokens, encrypted, its client id as the user', () => {
  assert.deepEqual(readTarget(identity).login, { kind: 'identity', clientId: undefined });
  const own = readTarget(`${azure}Authentication=Active Directory Managed Identity;User Id=0f1e2d3c`);
  assert.deepEqual(own.login, { kind: 'identity', clientId: '0f1e2d3c' });
  const config = poolConfig(own, 'PEM') as unknown as {
    authentication: { type: string; options: { credential: { getToken: unknown } } };
    options: Record<string, unknown>;
    password?: string;
  };
  assert.equal(config.authentication.type, 'token-credential');
  assert.equal(typeof config.authentication.options.credential.getToken, 'function');
  assert.deepEqual(
    [config.options.encrypt, config.options.trustServerCertificate, config.options.cryptoCredentialsDetails],
    [true, false, { ca: 'PEM' }],
  );
  assert.equal('password' in config, false);
});

test('settings of SQL Server that are no good are refused in one line that repeats no secret', async () => {
  const cases: [object, RegExp][] = [
    [{}, /connectionString: give either/],
    [{ connectionString: identity, connectionSecret: 'sql' }, /connectionString: give either/],
    [{ connectionString: `${azure}User ID=u;Password=hunter2` }, /belong into a secret/],
    [{ connectionString: `${identity};Password=hunter2` }, /no password/],
    [{ connectionString: 'Database=d;User ID=u;Password=hunter2' }, /names no Server/],
    [{ connectionString: 'Server=s;Authentication=Active Directory Default' }, /names no Database/],
    [{ connectionString: `${identity};Encrypt=False` }, /always encrypted/],
    [{ connectionString: `${identity};TrustServerCertificate=True` }, /certificate authority/],
    [{ connectionString: `${azure}Integrated Security=SSPI` }, /for Windows only/],
    [{ connectionString: `${azure}Authentication=Active Directory Interactive` }, /Authentication can be/],
    [{ connectionString: `${identity};Sparkle=1` }, /unknown keyword "Sparkle"/],
    [{ connectionString: `${identity};hunter2` }, /not keyword=value/],
    [{ connectionString: `${identity};Packet Size=99` }, /packet size: a number/],
    [{ connectionString: identity, schema: 'a; DROP TABLE x' }, /schema: letters/],
    [{ connectionString: identity, certificateAuthority: 'x' }, /PEM/],
    [{ connectionSecret: 'no spaces please' }, /connectionSecret/],
    [{ connectionString: identity, path: '/tmp/x.db' }, /path/],
  ];
  for (const [settings, expected] of cases)
    await assert.rejects(
      openSqlDestination({
        id: 'sql',
        name: 'Reports',
        log: silentLog,
        settings: { kind: 'mssql', ...settings } as never,
      }),
      (error) => {
        assert.ok(error instanceof Failure && error.code === 'bad-setting', String(error));
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /hunter2|\n/);
        return true;
      },
    );
  await assert.rejects(
    openSqlDestination({
      id: 'sql',
      name: 'Reports',
      log: silentLog,
      settings: { kind: 'mssql', connectionSecret: 'sql' },
      secret: async () => 'Password=hunter2;;Server=',
    }),
    (error) =>
      error instanceof Failure &&
      error.code === 'bad-connection-string' &&
      !error.message.includes('hunter2'),
  );
});

test('the place of a database is its server, name and schema, whoever logs in', () => {
  const settings = sqlSettingsSchema.parse({ kind: 'mssql', connectionString: identity });
  assert.equal(sqlPlugin.place(settings), 'mssql example.database.windows.net,1433/sessions dbo');
  const secret = sqlSettingsSchema.parse({ kind: 'mssql', connectionSecret: 'sql', schema: 'ic' });
  assert.equal(sqlPlugin.place(secret), 'mssql database of sql ic');
});

/** As the driver gives what a server answers. */
function answered(number: number, message = 'Something about it.', name = 'RequestError') {
  return Object.assign(new Error(message), { name, code: 'EREQUEST', number });
}

test("the server's answers say what to do: wait, begin again, call a person, or refuse the rows", () => {
  const meanings: [number, string, string][] = [
    [40613, 'transient database-not-available', 'reconnect'],
    [40197, 'transient database-not-available', 'reconnect'],
    [40501, 'transient database-busy', 'reconnect'],
    [10928, 'transient database-busy', 'reconnect'],
    [10929, 'transient database-busy', 'reconnect'],
    [49918, 'transient database-busy', 'reconnect'],
    [49919, 'transient database-busy', 'reconnect'],
    [49920, 'transient database-busy', 'reconnect'],
    [1205, 'transient database-busy', 'yes'],
    [4060, 'terminal no-such-database', 'reconnect'],
    [208, 'transient database-error', 'reconnect'],
    [18456, 'terminal wrong-login', 'no'],
    [40615, 'terminal database-firewall', 'no'],
    [229, 'terminal permission-missing', 'no'],
    [262, 'terminal permission-missing', 'no'],
    [1105, 'terminal database-full', 'no'],
    [9002, 'terminal database-full', 'no'],
    [40544, 'terminal database-full', 'no'],
    [3906, 'terminal database-not-writable', 'no'],
    [515, 'refused', 'no'],
    [2628, 'refused', 'no'],
    [8115, 'refused', 'no'],
    [50_000, 'refused', 'no'],
    [99, 'transient database-error', 'no'],
  ];
  for (const [number, meaning, again] of meanings) {
    const error = answered(number);
    const failure = mssqlFailure(error, 'Reports', 'server,1433/sessions');
    if (meaning === 'refused') assert.ok(failure instanceof SqlRefusal, String(number));
    else {
      assert.ok(failure instanceof Failure, String(number));
      assert.equal(`${failure.kind} ${failure.code}`, meaning, String(number));
      assert.match(failure.message, /^destination "Reports": .*server,1433\/sessions/);
    }
    assert.equal(repeatable(error), again, String(number));
  }
});

test('lost and refused connections are tried again; two writers at one key of ours begin again', () => {
  for (const code of ['ESOCKET', 'ETIMEOUT', 'ECONNCLOSED']) {
    const error = Object.assign(new Error('Connection lost - read ECONNRESET'), {
      name: 'ConnectionError',
      code,
    });
    assert.equal(repeatable(error), 'reconnect');
    const failure = mssqlFailure(error, 'Reports', 'server,1433/sessions');
    assert.ok(
      failure instanceof Failure && failure.kind === 'transient' && failure.code === 'database-unreachable',
    );
  }
  const met = answered(
    2627,
    "Violation of UNIQUE KEY constraint. Cannot insert duplicate key in object 'dbo.ic_session'.",
  );
  assert.equal(repeatable(met), 'yes');
  assert.equal(repeatable(answered(2627, "Cannot insert duplicate key in object 'dbo.team'.")), 'no');
  assert.equal(repeatable(new TypeError('a fault of ours')), 'no');
});

test('a port where nobody listens, and a host that nobody knows, are not waited for as long as a database that wakes', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  for (const server of [`127.0.0.1,${port}`, 'nowhere.invalid']) {
    const connectionString = `Server=${server};Database=sessions;User Id=u;Password=p`;
    const destination = await openSqlDestination({
      id: 'sql',
      name: 'Reports',
      log: silentLog,
      settings: { kind: 'mssql', connectionSecret: 'sql' },
      secret: async () => connectionString,
      patienceMs: 1,
    });
    t.after(() => destination.close());
    await assert.rejects(destination.check(), (error) => {
      assert.ok(error instanceof Failure && error.code === 'database-unreachable', String(error));
      assert.match(error.message, /ECONNREFUSED|ENOTFOUND/);
      assert.equal(patienceFor(error.cause, 75_000), 15_000, error.message);
      return true;
    });
  }
  const reasons = ['connect ECONNREFUSED ::1:1433', 'connect ETIMEDOUT 10.0.0.4:1433'].map(
    (text) => new Error(text),
  );
  const some = Object.assign(new Error('Failed to connect to s:1433 - Could not connect (sequence)'), {
    name: 'ConnectionError',
    code: 'ESOCKET',
    cause: new AggregateError(reasons, 'Could not connect (sequence)'),
  });
  assert.equal(patienceFor(some, 75_000), 75_000, 'one of its addresses may only be slow');
  assert.equal(patienceFor(answered(40613), 75_000), 75_000);
  assert.equal(patienceFor(answered(4060), 75_000), 30_000);
});

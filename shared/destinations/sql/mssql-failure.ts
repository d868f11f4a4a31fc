import { Failure } from '../../errors.ts';
import { SqlRefusal } from './sql-values.ts';

/**
 * Numbers after which the same work may succeed in a while, on a new connection (Azure: "Troubleshoot transient
 * connection errors"; SQL Server: "Database engine events and errors").
 */
const passing = new Set([
  20,
  64,
  121,
  233,
  10053,
  10054,
  10060,
  10061,
  11001, // the connection
  921,
  922,
  926,
  927,
  4060,
  4221,
  40143,
  40197,
  40540,
  40613,
  42108,
  42109,
  42119, // not up yet, failing over, waking
  1204,
  1205,
  1221,
  1222,
  3935,
  3960, // locks, deadlock, snapshot conflict
  701,
  802,
  8645,
  8651,
  10928,
  10929,
  10936,
  40501,
  41301,
  41302,
  41305,
  41325,
  41839,
  49918,
  49919,
  49920, // resources
]);
const notUp = new Set([921, 922, 926, 927, 4060, 4221, 40143, 40197, 40540, 40613, 42108, 42109, 42119]);
const full = new Set([1101, 1105, 3257, 9002, 40544]);
const denied = new Set([229, 230, 262, 297, 300, 2760, 3701, 15247, 21050]);
const login = new Set([916, 4064, 18401, 18451, 18452, 18456, 18470, 18486, 18487, 18488, 33134]);
const firewall = new Set([40615, 40914, 40532]);
const readOnly = new Set([3906, 3908]);
/** The database is not as it was found at opening. */
const changed = new Set([207, 208, 213, 2801, 3702]);
/** The rows are at fault: nullability, constraints, lengths, ranges, conversions, a trigger's refusal. */
const refused = new Set([
  220, 232, 241, 242, 245, 295, 334, 511, 515, 517, 530, 547, 1946, 2601, 2627, 2628, 3609, 3616, 8114, 8115,
  8152, 8169, 13608, 13609,
]);

/** Codes of sockets and of the driver for a connection that could not be made or did not last. */
const socketCodes = new Set([
  'ESOCKET',
  'ECONNCLOSED',
  'ENOTOPEN',
  'ETIMEOUT',
  'EINSTLOOKUP',
  'ENOCONN',
  'EINVALIDSTATE',
  'ENOTBEGUN',
  'EABORT',
  'ECANCEL',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** Babelfish's number for whatever SQL Server has no number for: only its text says what it is. */
const OTHER = 33_557_097;
/** The server has answered nothing, and it is none of our mistakes: the connection broke, whatever the driver calls it. */
const isConnection = ({ number, code }: MssqlError) =>
  number === undefined && code !== undefined && !ofTheCall.has(code);
const ofTheCall = new Set(['ELOGIN', 'EARGS', 'EINJECT', 'EDRIVER', 'ENAME', 'EPOOL']);
const isNotUp = ({ number, message }: MssqlError) =>
  number !== undefined &&
  (notUp.has(number) ||
    (number === OTHER && /starting up|shutting down|terminating connection|in recovery/i.test(message)));
const isDenied = (number: number | undefined, text: string) =>
  number !== undefined && (denied.has(number) || (number === OTHER && /permission denied/i.test(text)));

export interface MssqlError {
  readonly number: number | undefined;
  readonly code: string | undefined;
  readonly message: string;
}

/** What the driver threw, or undefined where it is something else. Goes down the causes for number and code. */
export function mssqlErrorOf(error: unknown): MssqlError | undefined {
  if (!(error instanceof Error) || error instanceof Failure || error instanceof SqlRefusal) return undefined;
  let number: number | undefined;
  // Of the pool: no connection became free in time.
  let code: string | undefined = error.name === 'TimeoutError' ? 'EPOOL' : undefined;
  for (let at: unknown = error; at instanceof Error && number === undefined; at = next(at)) {
    if ('number' in at && typeof at.number === 'number') number = at.number;
    if (code === undefined && 'code' in at && typeof at.code === 'string') code = at.code;
  }
  const ours = ['ConnectionError', 'RequestError', 'TransactionError', 'MSSQLError'].includes(error.name);
  const known = code !== undefined && (code === 'EPOOL' || socketCodes.has(code));
  if (!ours && number === undefined && !known) return undefined;
  return { number, code, message: (error.message.split('\n', 1)[0] ?? '').trim() };
}

function next(error: Error): unknown {
  return 'originalError' in error ? error.originalError : error.cause;
}

/** Unique keys of our own that two writers may meet at: the second one finds what the first one wrote. */
function metAnotherWriter({ number, message }: MssqlError): boolean {
  return (
    (number === 2627 || number === 2601) && /\bic_(session|writer|schema|table|report|file)/i.test(message)
  );
}

/** Another program makes the same tables at this moment: object, index or column exists. */
const madeMeanwhile = new Set([1913, 2705, 2714]);

/** Whether the whole transaction may be begun again, and whether the connections are to be given up before. */
export function repeatable(error: unknown): 'no' | 'yes' | 'reconnect' {
  if (error instanceof Failure && error.code === 'database-changed') return 'yes';
  const known = mssqlErrorOf(error);
  if (known === undefined) return 'no';
  if (metAnotherWriter(known)) return 'yes';
  if (known.number !== undefined && madeMeanwhile.has(known.number)) return 'reconnect';
  if (isNotUp(known)) return 'reconnect';
  if (known.number !== undefined && passing.has(known.number))
    return known.number === 1205 || known.number === 3960 || known.number === 1222 ? 'yes' : 'reconnect';
  if (known.number !== undefined && changed.has(known.number)) return 'reconnect';
  if (known.number !== undefined) return 'no';
  if (known.code === 'EPOOL') return 'yes';
  return isConnection(known) ? 'reconnect' : 'no';
}

/** A database that is failing over cannot be opened for some seconds; one that is not there cannot either. */
export function patienceFor(error: unknown, patienceMs: number): number {
  return mssqlErrorOf(error)?.number === 4060 ? Math.min(patienceMs, 30_000) : patienceMs;
}

/** What the error means for the caller; anything else comes back as it is. `place`: server and database. */
export function mssqlFailure(error: unknown, destination: string, place: string): unknown {
  const known = mssqlErrorOf(error);
  if (known === undefined) return error;
  const { number, code } = known;
  const text = withoutSecrets(known.message);
  const failure = (kind: 'terminal' | 'transient', id: string, line: string) =>
    new Failure(kind, id, `destination "${destination}": ${line}`, { cause: error });
  const is = (numbers: ReadonlySet<number>) => number !== undefined && numbers.has(number);
  if (number === 4060 || number === 911)
    return failure(
      'terminal',
      'no-such-database',
      `the database ${place} cannot be opened; check its name and that the login may use it`,
    );
  if (is(login) || (code === 'ELOGIN' && (number === undefined || /login failed/i.test(text))))
    return failure(
      'terminal',
      'wrong-login',
      `the database ${place} does not let us in (${text}); check user, password or identity, and that it is a user of this database`,
    );
  if (is(firewall))
    return failure(
      'terminal',
      'database-firewall',
      `the firewall of ${place} does not let us in; allow this program's address or network`,
    );
  if (isDenied(number, text))
    return failure(
      'terminal',
      'permission-missing',
      `a permission is missing in ${place} (${text}); grant SELECT, INSERT, UPDATE and DELETE, and let a DBA run the printed schema (npm run cli -- sql schema --dialect mssql) where tables are missing`,
    );
  if (is(full))
    return failure(
      'terminal',
      'database-full',
      `no room left in the database ${place} (${text}); enlarge it or remove old data`,
    );
  if (is(readOnly))
    return failure(
      'terminal',
      'database-not-writable',
      `the database ${place} is read-only; give the primary, or make it writable`,
    );
  if (is(refused) || (number !== undefined && number >= 50_000 && number !== OTHER))
    return new SqlRefusal(text, { cause: error });
  if (isNotUp(known))
    return failure(
      'transient',
      'database-not-available',
      `the database ${place} is not available (${text}); it will be tried again`,
    );
  if (is(passing))
    return failure(
      'transient',
      'database-busy',
      `the database ${place} is busy or was failing over (${text}); it will be tried again`,
    );
  if (isConnection(known) || code === 'EPOOL')
    return failure(
      'transient',
      'database-unreachable',
      `the database ${place} cannot be reached or the connection was lost (${text}); it will be tried again`,
    );
  return failure(
    'transient',
    'database-error',
    `the database ${place} answers: ${text} (${number ?? code ?? 'no number'}); it will be tried again`,
  );
}

/** A server repeats values in some of its messages (truncated value, duplicate key): they are the appliance's data. */
function withoutSecrets(message: string): string {
  return message.length > 300 ? `${message.slice(0, 300)}…` : message;
}

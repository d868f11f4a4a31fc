import { Failure } from '../../errors.ts';
import {
  changed,
  firewall,
  full,
  isConnection,
  isDenied,
  isNotUp,
  login,
  type MssqlError,
  mssqlErrorOf,
  OTHER,
  passing,
  readOnly,
  refused,
} from './mssql-error.ts';
import { SqlRefusal } from './sql-values.ts';

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

/**
 * A database that is failing over cannot be opened for some seconds; one that is not there cannot either. In front of
 * Azure SQL something always listens: a port that refuses, or a name that is unknown, is seldom a thing that passes, and
 * somebody may be waiting for the answer of a test.
 */
export function patienceFor(error: unknown, patienceMs: number): number {
  const known = mssqlErrorOf(error);
  if (known?.number === 4060) return Math.min(patienceMs, 30_000);
  const isAbsent =
    known?.code === 'ESOCKET' &&
    /ECONNREFUSED|ENOTFOUND/.test(known.message) &&
    !/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(known.message);
  return isAbsent ? Math.min(patienceMs, 15_000) : patienceMs;
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

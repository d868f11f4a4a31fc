import { Failure } from '../../errors.ts';
import { SqlRefusal } from './sql-values.ts';

/** Primary result codes of SQLite (sqlite.org, "Result and Error Codes"). */
const code = {
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
} as const;

export interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR';
  readonly errcode: number;
}

export function isSqliteError(error: unknown): error is SqliteError {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_SQLITE_ERROR' &&
    'errcode' in error &&
    typeof error.errcode === 'number'
  );
}

/** The extended code's low byte is the primary one. */
function primaryCode(error: SqliteError): number {
  return error.errcode & 0xff;
}

export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (primaryCode(error) === code.busy || primaryCode(error) === code.locked);
}

/** What SQLite's error means for the caller; anything else comes back as it is. */
export function sqliteFailure(error: unknown, destination: string, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const where = `destination "${destination}": `;
  const text = error.message.split('\n', 1)[0] ?? '';
  const terminal = (id: string, line: string) => new Failure('terminal', id, where + line, { cause: error });
  switch (primaryCode(error)) {
    case code.tooBig:
    case code.constraint:
    case code.mismatch:
      return new SqlRefusal(text, { cause: error });
    case code.full:
      return terminal('disk-full', `no room left for the database ${file}; free space or enlarge the disk`);
    case code.busy:
    case code.locked:
      return new Failure(
        'transient',
        'database-busy',
        `${where}another program holds the database ${file}; it will be tried again`,
        { cause: error },
      );
    case code.ioError:
      return new Failure(
        'transient',
        'database-io',
        `${where}reading or writing the database ${file} failed (${text}); check the disk`,
        { cause: error },
      );
    case code.notADatabase:
      return terminal('not-a-database', `${file} is not a SQLite database; give another path`);
    case code.corrupt:
      return terminal(
        'database-damaged',
        `the database ${file} is damaged (${text}); restore it from a backup`,
      );
    case code.perm:
    case code.readOnly:
    case code.cannotOpen:
      return terminal(
        'database-not-writable',
        `the database ${file} cannot be opened for writing; check that the path is a file and may be written`,
      );
    default:
      return new Failure(
        'transient',
        'database-error',
        `${where}the database ${file} answers: ${text}; it will be tried again`,
        { cause: error },
      );
  }
}

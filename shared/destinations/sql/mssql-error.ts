import { Failure } from '../../errors.ts';
import { SqlRefusal } from './sql-values.ts';

/**
 * Numbers after which the same work may succeed in a while, on a new connection (Azure: "Troubleshoot transient
 * connection errors"; SQL Server: "Database engine events and errors").
 */
export const passing = new Set([
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
export const full = new Set([1101, 1105, 3257, 9002, 40544]);
const denied = new Set([229, 230, 262, 297, 300, 2760, 3701, 15247, 21050]);
export const login = new Set([916, 4064, 18401, 18451, 18452, 18456, 18470, 18486, 18487, 18488, 33134]);
export const firewall = new Set([40615, 40914, 40532]);
export const readOnly = new Set([3906, 3908]);
/** The database is not as it was found at opening. */
export const changed = new Set([207, 208, 213, 2801, 3702]);
/** The rows are at fault: nullability, constraints, lengths, ranges, conversions, a trigger's refusal. */
export const refused = new Set([
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
export const OTHER = 33_557_097;
/** The server has answered nothing, and it is none of our mistakes: the connection broke, whatever the driver calls it. */
export const isConnection = ({ number, code }: MssqlError) =>
  number === undefined && code !== undefined && !ofTheCall.has(code);
const ofTheCall = new Set(['ELOGIN', 'EARGS', 'EINJECT', 'EDRIVER', 'ENAME', 'EPOOL']);
export const isNotUp = ({ number, message }: MssqlError) =>
  number !== undefined &&
  (notUp.has(number) ||
    (number === OTHER && /starting up|shutting down|terminating connection|in recovery/i.test(message)));
export const isDenied = (number: number | undefined, text: string) =>
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
  let { message } = error;
  for (let at: unknown = error; at instanceof Error && number === undefined; at = next(at)) {
    if ('number' in at && typeof at.number === 'number') number = at.number;
    if (code === undefined && 'code' in at && typeof at.code === 'string') code = at.code;
    // "Could not connect (sequence)": of each address there is a reason.
    if (at instanceof AggregateError && at.message !== '')
      message = message.split(at.message).join(reasonsOf(at));
  }
  const ours = ['ConnectionError', 'RequestError', 'TransactionError', 'MSSQLError'].includes(error.name);
  const known = code !== undefined && (code === 'EPOOL' || socketCodes.has(code));
  if (!ours && number === undefined && !known) return undefined;
  return { number, code, message: (message.split('\n', 1)[0] ?? '').trim() };
}

function reasonsOf({ errors }: AggregateError): string {
  return [...new Set(errors.map((error) => (error instanceof Error ? error.message : String(error))))].join(
    ', ',
  );
}

function next(error: Error): unknown {
  return 'originalError' in error ? error.originalError : error.cause;
}

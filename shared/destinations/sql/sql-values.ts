export type SqlValue = string | number | null;

/** A value, or a whole session, that the database cannot hold. About one session only; the message says why. */
export class SqlRefusal extends Error {
  override readonly name = 'SqlRefusal';
}

/** The last second of the year 9999: what both databases can hold as a time. */
const LAST_SECOND = 253_402_300_799;

/** Unix seconds → `YYYY-MM-DD HH:MM:SS` in UTC. */
export function timeText(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (!(seconds >= 0 && seconds <= LAST_SECOND)) throw new SqlRefusal(`${seconds} is no time before 10000`);
  return new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Ids are whole numbers in all that was observed. Any other text is kept as it is rather than lost. */
export function integerOf(text: string | null | undefined): SqlValue {
  if (text === null || text === undefined || text.trim() === '') return null;
  const number = /^\s*-?\d{1,16}\s*$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : text;
}

export function flagOf(flag: boolean | null): SqlValue {
  return flag === null ? null : Number(flag);
}

/** The first text that is more than white space; failing that, the first that was sent at all. */
export function firstGiven(...texts: readonly (string | null)[]): string | null {
  return texts.find((text) => notBlank(text) !== null) ?? texts.find((text) => text !== null) ?? null;
}

export function notBlank(text: string | null | undefined): string | null {
  return text === null || text === undefined || text.trim() === '' ? null : text;
}

/** As sent; where an entry does not say (PRA), by the number or id that the session names as primary. */
export function isPrimaryOf(
  sent: boolean | null,
  own: string | null,
  primary: string | null | undefined,
): SqlValue {
  if (sent !== null) return Number(sent);
  if (own === null || primary === null || primary === undefined || primary.trim() === '') return null;
  return Number(own.trim() === primary.trim());
}

/** Text that a database would cut short or change without a word is refused. XML cannot carry either. */
export function checkText(value: SqlValue, column: string): SqlValue {
  if (typeof value !== 'string') return value;
  if (value.includes('\0')) throw new SqlRefusal(`${column} contains a NUL character`);
  if (!value.isWellFormed()) throw new SqlRefusal(`${column} contains half of a surrogate pair`);
  return value;
}

/** Our own clock, as it is stored. */
export function utcNow(): string {
  return new Date().toISOString().slice(0, 19).replace('T', ' ');
}

import { attributeOf, type XmlElement } from './xml-element.ts';

const ISO_TIME = /^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?\s*$/;

/** Decimal digits only: `1e29`, `0x1F`, `-1` and text give `null`. */
export function wholeNumber(text: string | null): number | null {
  if (text === null) return null;
  const { length } = text;
  if (length === 0 || length > 15) return trimmedNumber(text);
  let number = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return trimmedNumber(text);
    number = number * 10 + digit;
  }
  return number;
}

function trimmedNumber(text: string): number | null {
  const digits = text.trim();
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

/** The API's flags are `1` and `0` (API guide). Absent or anything else gives `null`. */
export function flag(text: string | null): boolean | null {
  if (text === null) return null;
  const word = text.trim().toLowerCase();
  if (word === '1' || word === 'true') return true;
  if (word === '0' || word === 'false') return false;
  return null;
}

/**
 * Unix seconds from a number (what appliances send, observed) or an ISO 8601 text; without an offset it is taken as
 * UTC. Blank, zero and anything else give `null`.
 */
export function unixTime(text: string | null): number | null {
  if (text === null || text === '') return null;
  const seconds = wholeNumber(text);
  if (seconds !== null) return seconds > 0 ? seconds : null;
  const [, day, time, offset] = ISO_TIME.exec(text) ?? [];
  if (day === undefined || time === undefined) return null;
  const at = Date.parse(`${day}T${time}${offset ?? 'Z'}`);
  return Number.isNaN(at) || at <= 0 ? null : Math.floor(at / 1000);
}

/** A time element: its `timestamp` (in places `ts`) attribute, else its text. Empty and without one: `null`. */
export function timeOf(element: XmlElement): number | null {
  const stamp = attributeOf(element, 'timestamp') ?? attributeOf(element, 'ts');
  return unixTime(stamp) ?? unixTime(element.text);
}

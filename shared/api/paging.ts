import { z } from 'zod';
import { badField } from './problem.ts';

/** How many a page has at most, of a query. */
export function pageLimit(most: number, usual: number) {
  const message = `a whole number from 1 to ${most}`;
  return z.coerce.number(message).int(message).min(1, message).max(most, message).default(usual);
}

/** A key of the state within a place; what else is sent never reaches the state. */
export const placeKey = z.string().regex(/^[A-Za-z0-9\-_.:~|@+=*,!]{1,512}$/);

/** Where a page ended, for callers to send back as it is. */
export function placeText(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Throws `bad-request`. `field`: of the query, where the text was sent. */
export function placeIn<T extends z.ZodType>(field: string, text: string, schema: T): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw badField(field, 'take it from `next`');
  }
}

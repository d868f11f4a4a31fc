import { z } from 'zod';

/** An instant in a query; a + that was not encoded has become a space. Milliseconds. */
export const instant = z
  .string()
  .transform((text) => text.replace(/ (?=\d\d:?\d\d$)/, '+'))
  .pipe(z.iso.datetime({ offset: true, error: 'give an instant, like 2026-10-01T00:00:00Z' }))
  .transform((text) => Date.parse(text));

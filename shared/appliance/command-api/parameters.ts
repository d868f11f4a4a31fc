import { z } from 'zod';

interface TextOptions {
  /** Characters, as in code points. */
  readonly most?: number;
  readonly pattern?: readonly [form: RegExp, advice: string];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused; XML cannot carry them back
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Text that has to say something. */
export function text(description: string, options: TextOptions = {}) {
  return anyText(description, options).refine((value) => value !== '', { error: 'is empty', abort: true });
}

/** Text that may be empty. Messages never repeat the value. */
export function anyText(description: string, { most, pattern }: TextOptions = {}) {
  return z
    .string()
    .refine((value) => value.isWellFormed() && !CONTROL.test(value), 'has characters that cannot be sent')
    .refine((value) => most === undefined || lengthOf(value) <= most, {
      error: ({ input }) => `has ${lengthOf(String(input))} characters, at most ${most} are allowed`,
    })
    .refine((value) => value === '' || pattern === undefined || pattern[0].test(value), {
      error: pattern?.[1] ?? '',
    })
    .meta({ description, ...(most === undefined ? {} : { maxLength: most }) });
}

function lengthOf(value: string): number {
  return [...value].length;
}

export function wholeNumber(description: string, least: number, most: number) {
  const advice = { error: orRequired(`give a whole number from ${least} to ${most}`) };
  return z.int(advice).min(least, advice).max(most, advice).meta({ description });
}

/** Sent as 1 or 0. */
export function yesNo(description: string) {
  return z.boolean({ error: orRequired('give 1 or 0') }).meta({ description });
}

export function oneOf<const T extends readonly [string, ...string[]]>(description: string, values: T) {
  return z.enum(values, { error: orRequired(`give ${listOf(values)}`) }).meta({ description });
}

function orRequired(advice: string) {
  return ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is required' : advice);
}

function listOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

export const lsid = text('Id of the session.', {
  pattern: [/^[0-9a-zA-Z-]{1,64}$/, 'give the id of a session (lsid)'],
});

export const numericId = (description: string) =>
  text(description, { pattern: [/^\d{1,19}$/, 'give a numeric id'] });

/** 10 KB, taken as 10 × 1,024 bytes of UTF-8 over all values (API guide; how it counts is not said). */
export const MOST_CUSTOM_BYTES = 10_240;
export const MOST_CUSTOM_CHARACTERS = 1_024;

/** `session.custom.CODE`, `external_key` among them. An attribute that is left out keeps its value, an empty one clears it. */
export const customAttributes = z
  .record(
    z.string().regex(/^[\w.-]{1,255}$/, 'is no code name of a custom field'),
    anyText('Value; empty clears the attribute.', { most: MOST_CUSTOM_CHARACTERS }),
  )
  .refine((attributes) => bytesOf(attributes) <= MOST_CUSTOM_BYTES, {
    error: ({ input }) =>
      `has ${bytesOf(input as Record<string, string>)} bytes in all, at most ${MOST_CUSTOM_BYTES} are allowed`,
  })
  .meta({
    description:
      'Custom attributes of the session by code name, external_key among them. At most 1,024 characters each and 10 KB together. The fields have to be configured at /login > Management > API Configuration.',
  });

function bytesOf(attributes: Readonly<Record<string, string>>): number {
  return Object.values(attributes).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

export const clientTypes = [
  'all',
  'representative',
  'support_customer',
  'presentation_attendee',
  'push_agent',
] as const;

/** Of representatives one is named by id or by user name. */
export const representative = {
  rep_id: numericId('User id of the representative, as get_logged_in_reps gives it.').optional(),
  rep_username: text('User name of the representative, instead of the id.').optional(),
};

/** How many of the named parameters are given. */
export function given(parameters: Readonly<Record<string, unknown>>, names: readonly string[]): number {
  return names.filter((name) => parameters[name] !== undefined).length;
}

import { askSecret } from './ask.ts';
import { type Terminal, UsageError } from './command.ts';
import type { FieldOption } from './operation-options.ts';
import { jsonFrom, readValue, textFile } from './option-values.ts';

/** Options as they were given. */
export type Given = Readonly<Record<string, string | boolean | string[] | undefined>>;

export function sent(
  fields: readonly FieldOption[],
  where: 'query' | 'body',
  values: Given,
): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .filter((one) => one.where === where && !one.isSecret && values[one.option] !== undefined)
      .map((one) => [one.field, readValue(one, values[one.option])]),
  );
}

/** `--body FILE` (- for what is piped in), and the options over it. */
export async function bodyOf(
  values: Given,
  fields: readonly FieldOption[],
  terminal: Terminal,
): Promise<unknown> {
  const over = sent(fields, 'body', values);
  for (const { option, where, isRequired } of fields)
    if (where === 'body' && isRequired && values.body === undefined && values[option] === undefined)
      throw new UsageError(`--${option}: is missing; --help lists the options.`);
  for (const { option, field, isSecret } of fields)
    if (isSecret && values[option] === true) over[field] = await askSecret(field, terminal);
  if (typeof values.body !== 'string') return over;
  const base = await jsonInput('--body', values.body, terminal);
  return typeof base === 'object' && base !== null && !Array.isArray(base) ? { ...base, ...over } : base;
}

/** From a file, or for `-` from what is piped in. */
export async function jsonInput(option: string, path: string, terminal: Terminal): Promise<unknown> {
  const text = path === '-' ? new TextDecoder().decode(await terminal.input?.()) : textFile(option, path);
  return jsonFrom(`${option} ${path}`.trimStart(), text);
}

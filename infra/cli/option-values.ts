import { readFileSync } from 'node:fs';
import { UsageError } from './command.ts';
import type { FieldOption } from './operation-options.ts';

type Given = string | boolean | readonly (string | boolean)[] | undefined;

/** What was given, as the API takes it. */
export function readValue(
  { option, kind, values, commas, isFile, isTextFile }: FieldOption,
  given: Given,
): unknown {
  const checked = (text: string) => {
    if (values && !values.includes(text))
      throw new UsageError(`--${option} ${text}: give one of ${values.join(', ')}.`);
    return text;
  };
  if (Array.isArray(given)) {
    const texts = (given as readonly string[]).flatMap((text) => (commas ? text.split(',') : [text]));
    return texts.map((text) => checked(text.trim()));
  }
  if (typeof given !== 'string') return given;
  if (isTextFile) return textFile(`--${option}`, given);
  if (kind === 'number') {
    if (!/^-?\d+(\.\d+)?$/.test(given)) throw new UsageError(`--${option} ${given}: give a number.`);
    return Number(given);
  }
  if (isFile && !given.startsWith('@'))
    throw new UsageError(`--${option}: give @FILE; it may hold a secret.`);
  if (kind === 'json')
    return jsonFrom(`--${option}`, given.startsWith('@') ? textFile(`--${option}`, given.slice(1)) : given);
  // A list in a query is one text; each of its parts is checked there.
  return checked(given);
}

export function textFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${option} ${path}: ${code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`}.`,
    );
  }
}

export function jsonFrom(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${where}: not JSON: ${(error as Error).message.split('\n', 1)[0]}.`);
  }
}

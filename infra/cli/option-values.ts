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

/** @param option what names the file, where a word alone does not */
export function textFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${`${option} ${path}`.trimStart()}: ${whyUnreadable(error)}.`);
  }
}

/** How a sentence goes on that begins with a file's name. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? 'is a folder; give a file' : `cannot be read (${code})`;
}

export function jsonFrom(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The rest of what is said may quote the text, and with it a secret.
    const place = / \(line \d+ column \d+\)/.exec((error as Error).message)?.[0] ?? '';
    throw new UsageError(`${where}: not JSON${place}.`);
  }
}
